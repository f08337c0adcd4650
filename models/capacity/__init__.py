"""Datacenter capacity: dated building steps in, joint draws of quarter-end MW per building, campus and lab out."""
