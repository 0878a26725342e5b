"""What the operating system refused, in words of the person who reads it."""

import errno
import os
import re

import pytest

from contracts.errors import reason_of


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (errno.ENOENT, "没有"),
        (errno.EISDIR, "文件夹"),
        (errno.EACCES, "权限"),
        (errno.ENOSPC, "磁盘已满"),
        (errno.ENAMETOOLONG, "太长"),
    ],
)
def test_a_common_fault_is_said_in_chinese_alone(code: int, word: str) -> None:
    said = reason_of(OSError(code, os.strerror(code), "/a/file"))
    assert word in said
    assert not re.search("[A-Za-z]", said)


def test_a_rare_fault_keeps_its_number_and_the_systems_word() -> None:
    said = reason_of(OSError(errno.EXDEV, os.strerror(errno.EXDEV)))
    assert str(errno.EXDEV) in said
    assert os.strerror(errno.EXDEV) in said


def test_a_fault_without_a_number_says_what_it_has() -> None:
    assert reason_of(OSError("自己的话")) == "自己的话"
