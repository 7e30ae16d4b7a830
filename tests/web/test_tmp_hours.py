from datetime import UTC, datetime, timedelta
import pytest
from web.demo.stage import stage
@pytest.mark.parametrize("n", range(60))
def test_h(n, house, database_url):
    if "sqlite" not in database_url: pytest.skip("x")
    now = datetime(2026, 11, 29, 16, 10, tzinfo=UTC) + (timedelta(hours=n) if n < 24 else timedelta(days=10*(n-23), hours=(n*7) % 24, minutes=n))
    stage(house, now)
