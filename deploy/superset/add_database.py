"""Register the published file as database Gigawatch in Superset, once. Needs no published file to exist yet.

Superset opens a connection per query (NullPool), so charts see a new release at the next query.
"""

import json

from superset.app import create_app

NAME = "Gigawatch"
URI = "duckdb:////serving/gigawatch.duckdb"
READ_ONLY = {"engine_params": {"connect_args": {"read_only": True}}}

with create_app().app_context():
    from superset import db
    from superset.models.core import Database

    if db.session.query(Database).filter_by(database_name=NAME).first() is None:
        db.session.add(Database(database_name=NAME, sqlalchemy_uri=URI, extra=json.dumps(READ_ONLY)))
        db.session.commit()
