#!/bin/sh
# Run once by the Postgres image, on an empty volume: Superset's own role and database.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set=password="$SUPERSET_DB_PASSWORD" <<'SQL'
create role superset login password :'password';
create database superset owner superset;
SQL
