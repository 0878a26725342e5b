"""The one zone of calendars, clocks on the wall and what people type: all of China keeps Beijing time."""

from typing import Final
from zoneinfo import ZoneInfo

BEIJING: Final = ZoneInfo("Asia/Shanghai")
