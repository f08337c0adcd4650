"""Months per stage interval by operator and design: the bounds of int_capacity__stage_spells put together."""

from models.capacity.build_speed import build_speed


def model(dbt, session):
    return build_speed(dbt.ref("int_capacity__stage_spells").df())
