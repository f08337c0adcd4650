"""Accelerator total cost of ownership: capital and operating cost per chip-hour with joint draws."""
