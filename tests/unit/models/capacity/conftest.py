from pathlib import Path

import pandas as pd
import pytest

REPO = Path(__file__).parents[4]


@pytest.fixture
def assumptions() -> pd.DataFrame:
    """The method rows of the real assumptions file, those that need no dated knowledge."""
    rows = pd.read_csv(REPO / "models/assumptions/capacity.csv")
    return rows[rows["known_from"].isna()].reset_index(drop=True)
