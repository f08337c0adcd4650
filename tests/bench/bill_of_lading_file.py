"""Writes made-up bill-of-lading exports of any length, in the shape of a vendor, with DuckDB alone."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Literal

import duckdb

# The 60 columns of a US import export, in its order; what is not named here is empty in the made-up lines.
HEADER = (
    "ACTUAL_ARRIVAL_DATE", "BILL_OF_LADING", "BILL_TYPE_CODE", "CARRIER_SASC_CODE", "CIF", "CONSIGNEE_ADDRESS",
    "CONSIGNEE_NAME", "CONTAINER_DESC_CODE", "CONTAINER_ID", "CONTAINER_LOAD_STATUS", "CONTAINER_SIZE",
    "CONTAINER_TYPE", "CONTAINER_TYPE_OF_SERVICE", "COUNTRY", "COUNTRY_SURE_LEVEL", "END", "ESTIMATE_ARRIVAL_DATE",
    "HS_CODE", "HS_CODE_2", "HS_CODE_4", "HS_CODE_SURE_LEVEL", "INDICATOR_OF_TRUE_BUYER",
    "INDICATOR_OF_TRUE_SUPPLIER", "LAST_VIST_FOREIGN_PORT", "LOADING_PORT", "MANIFEST_NO", "MARKS_AND_NUMBERS",
    "MASTER_BILL_OF_LADING", "MEASURE", "MEASURE_IN_CM", "MEASURE_UNIT", "MODE_OF_TRANSPORTATION",
    "NOTIFY_PARTY_ADDRESS", "NOTIFY_PARTY_NAME", "PLACE_OF_RECEIPT", "PRODUCT_DESCRIPTION", "QUANTITY",
    "QUANTITY_UNIT", "RAW_CONSIGNEE_ADDRESS", "RAW_CONSIGNEE_NAME", "RAW_NOTIFY_PARTY_ADDRESS",
    "RAW_NOTIFY_PARTY_NAME", "RAW_SHIPPER_ADDRESS", "RAW_SHIPPER_NAME", "RECORDS_TAG", "RECORD_ID", "SHIPPER_ADDRESS",
    "SHIPPER_NAME", "TEU", "UNLOADING_PORT", "US_CLEARING_DISTRICT", "VESSEL_CODE", "VESSEL_COUNTRY_CODE",
    "VESSEL_COUNTRY_NAME", "VESSEL_NAME", "VOYAGE", "WEIGHT", "WEIGHT_IN_KG", "WEIGHT_UNIT", "INBOND_TYPE",
)  # fmt: skip
# SQL of the columns that are filled, over i = 0, 1, 2 ...; every fourth bill is a master of the three before it.
FILLED = {
    "ACTUAL_ARRIVAL_DATE": "strftime(date '2024-01-01' + (i % 900)::integer, '%m/%d/%Y')",
    "BILL_OF_LADING": "'BILL' || lpad(i::varchar, 9, '0')",
    "BILL_TYPE_CODE": "case when i % 4 = 3 then 'M' else 'H' end",
    "CARRIER_SASC_CODE": "case i % 3 when 0 then 'MAEU' when 1 then 'MSCU' else 'EGLV' end",
    "CIF": "'0'",
    "CONSIGNEE_ADDRESS": "(i % 977) || ' MADE UP ROAD, NOWHERE, ZZ 00000, UNITED STATES'",
    "CONSIGNEE_NAME": "case when i % 50 = 0 then 'TO ORDER' else 'CONSIGNEE ' || (i % 20011) || ' INC' end",
    "CONTAINER_ID": "'ABCU' || lpad((i % 999983)::varchar, 7, '0') || ',ABCU' || lpad((i % 977)::varchar, 7, '0')",
    "COUNTRY": "'TAIWAN'",
    "COUNTRY_SURE_LEVEL": "'NULL'",
    "HS_CODE": "'8471' || lpad((i % 90)::varchar, 2, '0')",
    "HS_CODE_SURE_LEVEL": "(i % 10)::varchar",
    "LOADING_PORT": "'58309, KAO HSIUNG'",
    "MASTER_BILL_OF_LADING":
        "case when i % 4 < 3 then 'BILL' || lpad((i - i % 4 + 3)::varchar, 9, '0') else 'NULL' end",
    "NOTIFY_PARTY_NAME": "'SAME AS CONSIGNEE'",
    "PRODUCT_DESCRIPTION": "'AUTOMATIC DATA PROCESSING MACHINES, MADE UP LINE ' || i",
    "QUANTITY": "(1 + i % 1500)::varchar",
    "QUANTITY_UNIT": "'CTN'",
    "SHIPPER_NAME": "case when i % 40 = 0 then 'N/A' else 'SHIPPER ' || (i % 5003) || ' CO., LTD' end",
    "TEU": "((i % 8) / 4.0)::varchar",
    "UNLOADING_PORT": "'2704, LOS ANGELES, CA'",
    "VESSEL_NAME": "'MADE UP VESSEL ' || (i % 211)",
    "WEIGHT": "(1000 + i % 30000)::varchar",
    "WEIGHT_IN_KG": "round((1000 + i % 30000) * 0.45359237, 2)::varchar",
    "WEIGHT_UNIT": "'LB'",
}


def write_us_import(path: Path, rows: int, kind: Literal["csv", "parquet", "zip"] = "csv") -> Path:
    """Write `rows` made-up lines in the shape of vendors/us_import.yml; a zip holds the CSV. Returns `path`.

    The CSV begins with two lines that are no header, as the vendor's sheets do. Ten million lines take about a minute.
    """
    columns = ", ".join(f'{FILLED.get(name, "NULL")}::varchar as "{name}"' for name in HEADER)
    plain = path.with_suffix(".part")
    with duckdb.connect(config={"threads": 2}) as con:
        query = f"select {columns} from range({rows}) as lines(i)"
        if kind == "parquet":
            con.execute(f"copy ({query}) to {_text(path)} (format parquet)")
            return path
        con.execute(f"copy ({query}) to {_text(plain)} (format csv, header false)")
    above = plain.with_suffix(".above")
    with above.open("w", encoding="utf-8", newline="") as file:
        file.write("MADE UP EXPORT\nDATA\n")
        csv.writer(file, lineterminator="\n").writerow(HEADER)
    target = path if kind == "csv" else plain.with_suffix(".csv")
    with target.open("wb") as whole:
        for piece in (above, plain):
            with piece.open("rb") as file:
                while chunk := file.read(1 << 22):
                    whole.write(chunk)
            piece.unlink()
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
            book.write(target, "export.csv")
        target.unlink()
    return path


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
