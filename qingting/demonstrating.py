"""`demo`: a home of its own, the sample town, `up`, and either a person who watches or the check that plays the people."""

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qingting.demo import check as playing
from qingting.demo import prepare, seed, town, welcome
from qingting.home import Home
from qingting.roles import ROLES
from qingting.serving import require_free_port
from qingting.starting_up import found
from qingting.supervisor import supervise
from qingting.wiring import House

DESK_PORT: Final = 8420
