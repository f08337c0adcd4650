"""The Capacity Block page: both layouts, merged cells, words kept, and any other layout turned down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest import contracts

SOURCE = contracts.load_source("aws_capacity_blocks")
CONNECTOR = contracts.connector(SOURCE)
HEADER = [
    "Instance Type", "Region", "Effective Instance Hourly Rate", "Effective Accelerator Hourly Rate", "GPU", "vCPU",
]  # fmt: skip
NOTICE = "The current prices are scheduled to be updated next in October, 2026"


def page(rows: str, header: list[str] = HEADER, text: str = f"<p>{NOTICE}. Your block is charged.</p>") -> bytes:
    cells = "".join(f"<th><p>{name}</p></th>" for name in header)
    return f"<html><body>{text}<table><thead><tr>{cells}</tr></thead>{rows}</table></body></html>".encode()


def script(heading: str, columns: list[str], groups: dict[str, str], items: list[dict[str, str]]) -> bytes:
    fields = {
        "itemHeading": heading,
        "itemTableColumns": json.dumps([{"Heading": n, "accessor": str(k)} for k, n in enumerate(columns, 1)]),
        "itemTableRowGroups": json.dumps([{"id": key, "label": label} for key, label in groups.items()]),
        "itemTableData": json.dumps(items),
    }
    return f'<script type="application/json">{json.dumps({"data": {"items": [{"fields": fields}]}})}</script>'.encode()


def parse(data: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = CONNECTOR.parse(data, "prices").to_pylist()
    return [{name: cell for name, cell in row.items() if cell is not None} for row in rows]


def test_a_merged_cell_counts_for_each_row_it_reaches() -> None:
    rows = (
        "<tr><td rowspan='2'>p4d.24xlarge</td><td>US East (Ohio)</td><td>$14.75 USD</td><td>$1.844&nbsp;USD</td>"
        "<td rowspan=3>8 x A100</td><td>96</td></tr>"
        "<tr><td>US West<br>(Oregon)</td><td>$14.75 USD</td><td>$1.844 USD</td><td>96</td></tr>"
        "<tr><td>p4de.24xlarge</td><td>US East (Ohio)</td><td>$17.68 USD</td><td>$2.21 USD</td><td>97</td></tr>"
    )
    first, second, third = parse(page(rows))
    assert first == {
        "Instance Type": "p4d.24xlarge", "Region": "US East (Ohio)", "Effective Instance Hourly Rate": "$14.75 USD",
        "Effective Accelerator Hourly Rate": "$1.844 USD", "Accelerator": "8 x A100", "vCPU": "96",
        "Update Notice": NOTICE,
    }  # fmt: skip
    assert second == first | {"Region": "US West (Oregon)"}
    assert (third["Instance Type"], third["Accelerator"], third["vCPU"]) == ("p4de.24xlarge", "8 x A100", "97")


def test_a_row_without_its_instance_type_is_not_given_one() -> None:
    rows = (
        "<tr><td>p5.48xlarge</td><td>US East (Ohio)</td><td>$39.33 USD</td><td>$4.916 USD</td><td>8 x H100</td></tr>"
        "<tr><td></td><td>US East (Ohio)</td><td>$43.26 USD</td><td>$5.408 USD</td><td>8 x H200</td></tr>"
    )
    assert [row.get("Instance Type") for row in parse(page(rows))] == ["p5.48xlarge", None]


def test_the_layout_of_2026_in_scripts() -> None:
    columns = ["UltraServer Type", "Region", "Effective Hourly Rate", "ACCELERATOR"]
    items = [
        {"idProperty": "row1", "2": "<p>US East (Dallas) Local Zone</p>\r\n",
         "3": "<p>$761.904 ($10.582 USD)<br /></p>", "4": "<p>72 x B200</p>"},
        {"idProperty": "row9", "2": "US East (Ohio)", "3": "$1 USD"},
    ]  # fmt: skip
    text = f"<p>{NOTICE}.</p>".encode()
    fees = script("OS pricing", ["Instance Type", "RHEL"], {}, [{"1": "p5.48xlarge", "2": "$2.765"}])
    first, second = parse(text + script("P6e Pricing", columns, {"row1": "u-p6e-gb200x72"}, items) + fees)
    assert first == {
        "Heading": "P6e Pricing", "Instance Type": "u-p6e-gb200x72", "Region": "US East (Dallas) Local Zone",
        "Effective Instance Hourly Rate": "$761.904 ($10.582 USD)", "Accelerator": "72 x B200",
        "Update Notice": NOTICE,
    }  # fmt: skip
    assert "Instance Type" not in second


def test_a_page_that_announces_nothing_gives_no_notice() -> None:
    rows = "<tr><td>p5.48xlarge</td><td>US East (Ohio)</td><td>$39.33 USD</td><td>$4.916 USD</td></tr>"
    (row,) = parse(page(rows, text="<p>Reservation prices are updated regularly, based on demand.</p>"))
    assert "Update Notice" not in row


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><p>Robot check</p></html>", "no table of Capacity Block prices"),
        (b"", "no table of Capacity Block prices"),
        (page("", header=["Instance Type", "RHEL"]), "no table of Capacity Block prices; the tables it has start with"),
        (page("", header=["Instance", "Region", "Effective Hourly Rate"]), "lacks Instance Type"),
        (page("", header=["Instance Type", "Effective Hourly Rate"]), "lacks Region"),
        (page("", header=[*HEADER, "Region"]), "two columns that mean the same"),
        (b'<script type="application/json">{"itemTableColumns": </script>', "is not JSON"),
        (b'<script type="application/json">{"itemTableColumns": "[]"}</script>', "not built as known"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_any_other_page_is_turned_down(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CONNECTOR.parse(data, "prices")


def test_one_schema_whatever_the_layout() -> None:
    contracted = [column.name for column in SOURCE.resources[0].columns]
    replayed = CONNECTOR.parse((SOURCE.folder / "replay" / "prices.html").read_bytes(), "prices")
    assert replayed.column_names == contracted
    assert replayed.num_rows == 4
