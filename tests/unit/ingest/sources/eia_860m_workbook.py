"""Writes small workbooks in the form of EIA-860M, and the synthetic one that `make replay` plays.

    python -m tests.unit.ingest.sources.eia_860m_workbook     # rewrites ingest/sources/eia_860m/replay/*.xlsx
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from settings import REPO

REPLAYED = REPO / "ingest/sources/eia_860m/replay/august_generator2026.xlsx"

Cell = str | float | None

BOTH = [
    "Entity ID", "Entity Name", "Plant ID", "Plant Name", "Google Map", "Bing Map", "Plant State", "County",
    "Balancing Authority Code", "Sector", "Generator ID", "Unit Code", "Nameplate Capacity (MW)",
    "Net Summer Capacity (MW)", "Net Winter Capacity (MW)", "Technology", "Energy Source Code", "Prime Mover Code",
]  # fmt: skip
HEADERS = {
    "Planned": [*BOTH, "Planned Operation Month", "Planned Operation Year", "Status", "Latitude", "Longitude"],
    "Operating": [
        *BOTH, "Operating Month", "Operating Year", "Planned Retirement Month", "Planned Retirement Year", "Status",
        "Nameplate Energy Capacity (MWh)", "DC Net Capacity (MW)", "Planned Derate Year", "Planned Derate Month",
        "Planned Derate of Summer Capacity (MW)", "Planned Uprate Year", "Planned Uprate Month",
        "Planned Uprate of Summer Capacity (MW)", "Latitude", "Longitude",
    ],
}  # fmt: skip
NOTE = "NOTES: Capacity from facilities with a total generator nameplate capacity less than 1 MW are excluded."

UNDER_HALF = "(U) Under construction, less than or equal to 50 percent complete"
OVER_HALF = "(V) Under construction, more than 50 percent complete"


def generator(**cells: Cell) -> dict[str, Cell]:
    """A made-up gas turbine; `cells` by column, with _ for blanks and without units: Net_Summer_Capacity=100."""
    row: dict[str, Cell] = {
        "Entity ID": 99001, "Entity Name": "Synthetic Power LLC", "Plant ID": 99901, "Plant Name": "Synthetic Plant",
        "Google Map": "Map", "Bing Map": "Map", "Plant State": "MS", "County": "Madison",
        "Balancing Authority Code": "MISO", "Sector": "IPP Non-CHP", "Generator ID": "GT1", "Unit Code": " ",
        "Nameplate Capacity (MW)": 120.5, "Net Summer Capacity (MW)": 110, "Net Winter Capacity (MW)": 118.2,
        "Technology": "Natural Gas Fired Combustion Turbine", "Energy Source Code": "NG", "Prime Mover Code": "GT",
        "Status": OVER_HALF, "Latitude": 32.61, "Longitude": -90.1,
    }  # fmt: skip
    names = {name.split(" (")[0].replace(" ", "_"): name for sheet in HEADERS.values() for name in sheet}
    return row | {names[name]: value for name, value in cells.items()}


def sheet(
    kind: str, rows: Sequence[Mapping[str, Cell]], month: str = "August 2026", **changes: str | None
) -> list[list[Cell]]:
    """Cells of a sheet as EIA lays it out: title, blank row, header, rows, blank row, note.

    `changes` renames columns of the header (with _ for blanks), None leaves one out.
    """
    renamed = {name.replace("_", " "): to for name, to in changes.items()}
    header = [name for name in HEADERS[kind] if renamed.get(name, name) is not None]
    body = [[row.get(name) for name in header] for row in rows]
    title: Cell = f"Inventory of {kind} Generators as of {month}"
    return [[title], [" "], [renamed.get(name, name) for name in header], *body, [], [NOTE]]


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """An .xlsx with these sheets; equal sheets give equal bytes."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kinds}.worksheet+xml"/>' for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
    }
    for n, rows in enumerate(sheets.values(), 1):
        cells = "".join(f"<row>{''.join(_cell(cell) for cell in row)}</row>" for row in rows)
        files[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(info, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + text)
    return data.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"


def synthetic() -> bytes:
    """The workbook of replay/: made-up plants, one of them 2 km from a campus, one far away, one without a place."""
    planned = [
        generator(Plant_Name="Synthetic Campus Turbines", Planned_Operation_Month=6, Planned_Operation_Year=2027),
        generator(Plant_Name="Synthetic Campus Turbines", Generator_ID="GT2", Status=UNDER_HALF,
                  Planned_Operation_Month=9, Planned_Operation_Year=2027),
        generator(Plant_ID=99902, Plant_Name="Synthetic Solar", Generator_ID="PV", Technology="Solar Photovoltaic",
                  Energy_Source_Code="SUN", Prime_Mover_Code="PV", Plant_State="MT", Latitude=47.0, Longitude=-109.0,
                  Status="(L) Regulatory approvals pending. Not under construction",
                  Planned_Operation_Month=12, Planned_Operation_Year=2028),
        generator(Plant_ID=99903, Plant_Name="Synthetic Placeless", Nameplate_Capacity=45, Latitude=" ", Longitude=" ",
                  Status="(P) Planned for installation, but regulatory approvals not initiated",
                  Planned_Operation_Month=" ", Planned_Operation_Year=2030),
    ]  # fmt: skip
    operating = [
        generator(Plant_ID=99801, Plant_Name="Synthetic Combined Cycle", Generator_ID="CT1", Status="(OP) Operating",
                  Nameplate_Capacity=255.0, Operating_Month=4, Operating_Year=2001, Latitude=32.75, Longitude=-90.2),
        generator(Plant_ID=99802, Plant_Name="Synthetic Battery", Generator_ID="BESS", Technology="Batteries",
                  Energy_Source_Code="MWH", Prime_Mover_Code="BA",
                  Status="(SB) Standby/Backup: available for service but not normally used",
                  Nameplate_Capacity=50, Nameplate_Energy_Capacity=200, Operating_Month=11, Operating_Year=2025,
                  Plant_State="MT", Latitude=46.0, Longitude=-110.0),
    ]  # fmt: skip
    return workbook({"Operating": sheet("Operating", operating), "Planned": sheet("Planned", planned)})


if __name__ == "__main__":
    REPLAYED.write_bytes(synthetic())
