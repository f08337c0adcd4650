"""The mapping of vendors' bill-of-lading exports: forms of files, traps of the real ones, mistakes told in words."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from ingest import contracts
from settings import REPO
from tests.bench.bill_of_lading_file import HEADER, write_us_import

SOURCE = contracts.load_source("bill_of_lading")
CONNECTOR = contracts.connector(SOURCE)
REAL_HEADER = REPO.parent / "shared/samples/bol_export/us_import_header_only.csv"

PANJIVA = (
    "billOfLadingNumber,arrivalDate,conName,shpName,shpmtOrigin,portOfLading,portOfUnlading,volumeTEU,weightKg,"
    "quantity\n"
)


def lines(path: Path, vendor: str) -> list[dict[str, str | None]]:
    """What the relation gives, in file order."""
    with duckdb.connect() as con:
        answer = con.execute(CONNECTOR.relation(path, "lines", vendor))
        names, kinds = [d[0] for d in answer.description], {str(d[1]) for d in answer.description}
        assert kinds == {"VARCHAR"}
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def file(tmp_path: Path, text: str | bytes, name: str = "lines.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def us_import(
    tmp_path: Path, *rows: dict[str, str], above: str = "LOGO\nDATA\n", header: tuple[str, ...] = HEADER
) -> Path:
    """A file of the 60-column form with the given cells, the others saying NULL."""
    path = tmp_path / "us.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        target.write(above)
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([row.get(name, "NULL") for name in header] for row in rows)
    return path


@pytest.fixture
def vendors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`vendors(name, **document)`: writes a mapping of a vendor into a folder of its own."""
    folder = tmp_path / "vendors"
    folder.mkdir()

    def write(name: str, **document: Any) -> None:
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document), encoding="utf-8")

    monkeypatch.setattr(CONNECTOR, "VENDORS", folder)
    return write


def test_the_relation_gives_the_contracted_columns(tmp_path: Path) -> None:
    (resource,) = SOURCE.resources
    assert list(CONNECTOR.COLUMNS) == [column.name for column in resource.columns]
    assert list(lines(us_import(tmp_path, {"BILL_OF_LADING": "A"}), "us_import")[0]) == list(CONNECTOR.COLUMNS)


@pytest.mark.parametrize("name", sorted(path.stem for path in (SOURCE.folder / "vendors").glob("*.yml")))
def test_every_shipped_mapping_can_be_read(name: str) -> None:
    contracts.safe_name(name)  # it is a folder in the inbox
    vendor = CONNECTOR.load_vendor(name)
    assert {"arrival_date", "shipper", "consignee", "teu"} <= set(vendor.columns)


def test_the_shipped_form_is_the_real_one() -> None:
    if not REAL_HEADER.exists():
        pytest.skip("the real samples are not on this machine")
    assert tuple(REAL_HEADER.read_text(encoding="utf-8").strip().split(",")) == HEADER


def test_the_real_header_is_mapped_below_a_logo_and_a_banner(tmp_path: Path) -> None:
    row = {
        "BILL_OF_LADING": "B1", "BILL_TYPE_CODE": "H", "MASTER_BILL_OF_LADING": "M1",
        "ACTUAL_ARRIVAL_DATE": "03/09/2026", "SHIPPER_NAME": "N/A", "CONSIGNEE_NAME": "TO THE ORDER OF A BANK",
        "COUNTRY": "TAIWAN", "LOADING_PORT": "58309, KAO HSIUNG", "UNLOADING_PORT": "2704, LOS ANGELES, CA",
        "HS_CODE": "847150",
        "HS_CODE_SURE_LEVEL": "7", "PRODUCT_DESCRIPTION": 'SERVERS, 19" RACKS\nNO BATTERIES', "QUANTITY": "1,200",
        "WEIGHT": "2,204.62", "WEIGHT_UNIT": "LB", "WEIGHT_IN_KG": "1000", "TEU": "0.25", "CIF": "0",
        "CONTAINER_ID": "ABCU1,ABCU1,ABCU2",
    }  # fmt: skip
    (line,) = lines(us_import(tmp_path, row, above='"LOGO\nIN TWO LINES"\n\nDATA\n'), "us_import")
    assert line == dict.fromkeys(CONNECTOR.COLUMNS) | {
        "bill_id": "B1", "house_or_master": "H", "master_bill_id": "M1", "arrival_date": "2026-03-09", "shipper": "N/A",
        "consignee": "TO THE ORDER OF A BANK", "origin_country": "TAIWAN", "origin_port": "58309, KAO HSIUNG",
        "destination_port": "2704, LOS ANGELES, CA", "hs_code": "847150", "hs_code_confidence": "7",
        "description": 'SERVERS, 19" RACKS\nNO BATTERIES', "quantity": "1200", "weight": "2204.62", "weight_unit": "LB",
        "weight_kg": "1000", "teu": "0.25", "container_numbers": "ABCU1,ABCU1,ABCU2",
    }  # fmt: skip


def test_null_words_are_null_but_a_withheld_party_is_not(tmp_path: Path) -> None:
    row = {"BILL_OF_LADING": "B", "SHIPPER_NAME": "n/a", "CONSIGNEE_NAME": "NULL", "VESSEL_NAME": "N/A"}
    (line,) = lines(us_import(tmp_path, row), "us_import")
    assert (line["shipper"], line["consignee"], line["vessel"]) == ("n/a", None, None)


def test_the_estimated_day_stands_in_for_the_actual_one(tmp_path: Path) -> None:
    (line,) = lines(us_import(tmp_path, {"BILL_OF_LADING": "B", "ESTIMATE_ARRIVAL_DATE": "2026-01-05"}), "us_import")
    assert line["arrival_date"] == "2026-01-05"


def test_an_unreadable_day_is_left_for_the_contract_to_judge(tmp_path: Path) -> None:
    (line,) = lines(us_import(tmp_path, {"BILL_OF_LADING": "B", "ACTUAL_ARRIVAL_DATE": "soon"}), "us_import")
    assert line["arrival_date"] == "soon"


def test_panjiva_writes_number_and_unit_in_one_cell(tmp_path: Path) -> None:
    text = PANJIVA + "B1,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,1000.5,\"1,100 CTN\"\n"
    (line,) = lines(file(tmp_path, text), "panjiva")
    assert (line["quantity"], line["quantity_unit"], line["weight_kg"], line["teu"]) == ("1100", "CTN", "1000.5", "1.5")
    assert (line["arrival_date"], line["hs_code"], line["value_usd"]) == ("2026-02-03", None, None)


def test_names_are_compared_by_their_letters_and_digits(tmp_path: Path) -> None:
    header = PANJIVA.replace("billOfLadingNumber", "Bill Of Lading Number").replace("conName", "CON_NAME")
    (line,) = lines(file(tmp_path, header + "B1,2026-02-03,ACME,M,T,K,L,1,1,1\n"), "panjiva")
    assert (line["bill_id"], line["consignee"]) == ("B1", "ACME")


def test_importyeti_puts_the_day_first(tmp_path: Path) -> None:
    header = "date_formatted,lcl,teu,shipper,consignee,hs_codes,product_descriptions,container_numbers,weight_kg"
    text = f'{header}\n05/11/2026,false,2,MAKER,ACME,"8471.50, 8473.30",SERVERS,"A1, A2",900\n'
    (line,) = lines(file(tmp_path, text), "importyeti")
    assert (line["arrival_date"], line["hs_code"]) == ("2026-11-05", "8471.50, 8473.30")
    assert line["container_numbers"] == "A1, A2"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_csv_and_parquet_of_the_same_lines_are_equal(tmp_path: Path, kind: Any) -> None:
    got = lines(write_us_import(tmp_path / f"x.{kind}", 1000, kind), "us_import")
    assert len(got) == 1000
    assert got[3]["bill_id"] == "BILL000000003"
    assert got[3]["house_or_master"] == "M"
    assert got[999] == lines(write_us_import(tmp_path / "y.csv", 1000), "us_import")[999]


def test_parquet_with_types_and_lists_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "typed"  # what it is, is told by its bytes
    with duckdb.connect() as con:
        con.execute(
            "copy (select date '2026-02-03' as date_formatted, 1.25 as teu, 'M' as shipper, 'C' as consignee, "
            "['8471.50', '8473.30'] as hs_codes, ['a', 'b'] as product_descriptions, ['A1', 'A2'] as container_numbers"
            f", 900.5::double as weight_kg) to '{path}' (format parquet)"
        )
    (line,) = lines(path, "importyeti")
    assert (line["arrival_date"], line["teu"], line["weight_kg"]) == ("2026-02-03", "1.25", "900.5")
    assert (line["hs_code"], line["container_numbers"]) == ("8471.50, 8473.30", "A1, A2")


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end"), [("utf-8-sig", ",", "\r\n"), ("latin-1", ";", "\n"), ("utf-16", "\t", "\n")]
)
def test_encodings_and_delimiters(tmp_path: Path, vendors: Any, encoding: str, delimiter: str, end: str) -> None:
    vendors(
        "own", vendor="Own", encoding=encoding.removesuffix("-sig"), delimiter=delimiter, date_formats=["%d.%m.%Y"],
        columns={"bill_id": "Bill", "arrival_date": "Day", "shipper": "Maker"},
    )  # fmt: skip
    rows = [["Bill", "Day", "Maker"], ["B1", "03.02.2026", "Müller"], ["B2", "04.02.2026", "O'Neil"]]
    text = "".join(delimiter.join(row) + end for row in rows)
    got = lines(file(tmp_path, text.encode(encoding)), "own")
    assert [(r["bill_id"], r["arrival_date"], r["shipper"]) for r in got] == [
        ("B1", "2026-02-03", "Müller"),
        ("B2", "2026-02-04", "O'Neil"),
    ]


def test_a_path_with_a_quote_is_only_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    assert len(lines(write_us_import(folder / "x.csv", 3), "us_import")) == 3


# --- what is said of a file or mapping that is wrong


def test_an_unknown_folder_names_the_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no mapping for the inbox folder 'datamyne': write .*/vendors/datamyne\.yml"):
        CONNECTOR.relation(us_import(tmp_path), "lines", "datamyne")


def test_a_missing_column_names_mapping_and_header(tmp_path: Path) -> None:
    header = tuple(name for name in HEADER if name != "WEIGHT_IN_KG")
    with pytest.raises(ValueError, match=r"us_import\.yml .*'WEIGHT_IN_KG'.*row 3: \['ACTUAL_ARRIVAL_DATE'") as error:
        CONNECTOR.relation(us_import(tmp_path, header=header), "lines", "us_import")
    assert "BILL_OF_LADING'," not in str(error.value).split("Most like")[0]


def test_a_missing_column_of_parquet_too(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as teu, 2 as weight_kg) to '{path}' (format parquet)")
    with pytest.raises(ValueError, match=r"importyeti.*'date_formatted'.*\['teu', 'weight_kg'\]"):
        CONNECTOR.relation(path, "lines", "importyeti")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"PK\x03\x04 workbook", "save it as CSV"),
        (b"\x1f\x8b gzip", "save it as CSV"),
        (b"<html>please log in</html>", "no header has"),
        (b"a\xffb\n", "not utf-8 text"),
        (b"LOGO\n" + PANJIVA.replace("\n", "\r\n").encode(), "some lines end in CR LF"),
    ],
)
def test_bytes_that_are_no_export(tmp_path: Path, body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CONNECTOR.relation(file(tmp_path, body), "lines", "panjiva")


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    text = PANJIVA.replace("\n", ",con_name\n")
    with pytest.raises(ValueError, match=r"columns twice: \['conname'\]"):
        CONNECTOR.relation(file(tmp_path, text), "lines", "panjiva")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"colour": "Colour"}, r"no such columns of ours: \['colour'\]"),
        ({"bill_id": {"column": "A", "sql": '"A"'}}, "either a column or sql"),
        ({"bill_id": {"optional": True}}, "either a column or sql"),
        ({"bill_id": 3}, "is not a mapping"),
        (None, "is not a mapping"),
    ],
)
def test_a_mapping_that_is_wrong(tmp_path: Path, vendors: Any, columns: Any, words: str) -> None:
    vendors("own", vendor="Own", date_formats=["%Y-%m-%d"], columns=columns)
    with pytest.raises(ValueError, match=words):
        CONNECTOR.load_vendor("own")


def test_the_connector_is_imported_as_the_kit_does() -> None:
    """Without a module name in sys.modules: annotations as text would break its models."""
    spec = importlib.util.spec_from_file_location("connector_bill_of_lading", SOURCE.folder / "connector.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.load_vendor("panjiva").vendor.startswith("Panjiva")
