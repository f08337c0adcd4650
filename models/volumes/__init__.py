"""Trainium volumes: packages, racks and installed chips per system SKU, as joint draws."""
