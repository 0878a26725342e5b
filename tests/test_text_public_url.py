"""The address of a post names nobody; what cannot be opened without a name is not kept at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.public_url import public_url, told_publicly


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://weibo.com/1234567890/OabcDEF12?from=page", "https://m.weibo.cn/status/OabcDEF12"),
        ("https://m.weibo.cn/1234567/5320265912291527", "https://m.weibo.cn/status/5320265912291527"),
        ("https://weibo.com/detail/5320265912291527", "https://weibo.com/detail/5320265912291527"),
        ("https://s.weibo.com/weibo?q=%23样例%23", "https://s.weibo.com/weibo?q=%23%E6%A0%B7%E4%BE%8B%23"),
        ("https://social.example/@name/115500000000000009", "https://social.example/statuses/115500000000000009"),
        ("https://social.example/users/name/statuses/115500000000000009", "https://social.example/statuses/115500000000000009"),
        ("https://bbs.example/forum.php?mod=viewthread&tid=7&authorid=9", "https://bbs.example/forum.php?mod=viewthread&tid=7"),
        ("https://news.example/a/1?uid=7&Phone=13812345678", "https://news.example/a/1"),
        ("https://weibo.com/u/1234567", ""),
        ("https://weibo.com/1234567", ""),
        ("https://bbs.example/u/name", ""),
        ("https://www.zhihu.com/people/a-b", ""),
        ("https://user.qzone.qq.com/1234567/blog/1", ""),
        ("https://zhihu.com/question/1/answer/2", "https://zhihu.com/question/1/answer/2"),
        ("https://bbs.example/topic/5/users/", "https://bbs.example/topic/5/users/"),
    ],
)  # fmt: skip
def test_the_author_goes_from_the_address(url: str, kept: str) -> None:
    assert public_url(url) == kept


@given(st.text(max_size=60) | st.builds("https://a.example/{}?{}".format, st.text(max_size=30), st.text(max_size=30)))
def test_any_text_is_read_and_twice_is_once(url: str) -> None:
    once = public_url(url)
    assert public_url(once) == once


def test_a_sentence_names_nobody_either() -> None:
    assert told_publicly("https://a.example/7?uid=5 回应 500。") == "https://a.example/7 回应 500。"
    assert told_publicly("https://weibo.com/u/1234567 不采。") == "weibo.com 上的一个主页 不采。"
    assert told_publicly("http://127.0.0.1:9/rss 没有回应") == "http://127.0.0.1:9/rss 没有回应"
