"""A source that is written wrongly is refused with line, key and remedy; the line is the one marked #!."""

import re
from pathlib import Path

import pytest

from contracts.errors import Rejected
from crawlers.sources import check_sources, load_sources

RECORD = """
    basis: 网站公开的条款
    contact: webmaster@example.com
    licence: 仅内部研判"""
SOUND = {
    "feed": "kind: feed\n    url: https://a.example.com/rss",
    "list": "kind: list\n    url: https://a.example.com/news/\n    links: {pattern: '/t\\d+\\.html'}",
    "sitemap": "kind: sitemap\n    url: https://a.example.com/sitemap.xml",
    "json": "kind: json\n    url: https://a.example.com/api\n    fields: {text: content}",
    "hotlist": "kind: hotlist\n    url: https://a.example.com/hot\n    json: {items: data}\n    fields: {text: title, heat: hot}",
    "forum": "kind: forum\n    url: https://a.example.com/b\n    list: {row: li}\n    post: {row: article, text: p}",
    "preset": "preset: discuz\n    url: https://bbs.example.com/forum.php?mod=forumdisplay&fid=2",
    "push": "kind: push",
    "import": "kind: import\n    fields: {text: 正文, id: 编号}",
}
WRONG: dict[str, tuple[str, str, str]] = {
    # name: (the entry, the key, what the sentence says to do)
    "no id": ("- kind: feed #!\n    url: https://a.example.com/" + RECORD, "id", "这个键必须写"),
    "id in capitals": ("- id: Rednet 1 #!\n    kind: feed\n    url: https://a.example.com/" + RECORD, "id", "例如 changsha-forum"),
    "id of the desk": ("- id: zhibao #!\n    kind: feed\n    url: https://a.example.com/" + RECORD, "id", "请换一个编号"),
    "no kind": ("- id: a #!\n    url: https://a.example.com/" + RECORD, "kind", "这个键必须写"),
    "unknown kind": ("- id: a\n    kind: hotlists #!\n    url: https://a.example.com/" + RECORD, "kind", "是不是“hotlist”"),
    "no url": ("- id: a #!\n    kind: feed" + RECORD, "url", "请写从哪一页开始"),
    "ftp": ("- id: a\n    kind: feed\n    url: ftp://a.example.com/ #!" + RECORD, "url", "以 http:// 或 https:// 开头"),
    "password in the url": ("- id: a\n    kind: feed\n    url: https://u:p@a.example.com/ #!" + RECORD, "url", "不能带用户名和密码"),
    "braces in a feed": ("- id: a\n    kind: feed\n    url: 'https://a.example.com/{page}' #!" + RECORD, "url", "写成一个完整的网址"),
    "no basis": ("- id: a #!\n    kind: feed\n    url: https://a.example.com/\n    contact: x@y.example\n    licence: CC BY 4.0", "basis", "要写明采集依据"),
    "no contact": ("- id: a #!\n    kind: feed\n    url: https://a.example.com/\n    basis: 公开\n    licence: CC BY 4.0", "contact", "要写明对方的联系方式"),
    "no licence": ("- id: a #!\n    kind: feed\n    url: https://a.example.com/\n    basis: 公开\n    contact: x@y.example", "licence", "要写明内容的使用条件"),
    "a basis that says nothing": ("- id: a\n    kind: push\n    basis: 无 #!\n    contact: x@y.example\n    licence: 合同", "basis", "要写明采集依据"),
    "weibo": ("- id: a\n    kind: list\n    url: https://s.weibo.com/top/summary #!\n    links: {link: a}" + RECORD, "url", "申请微博开放平台"),
    "weibo's interface without a token": ("- id: a\n    kind: json\n    url: https://api.weibo.com/2/search/topics.json #!\n    fields: {text: text}" + RECORD, "url", "自己的令牌"),
    "zhihu": ("- id: a\n    kind: feed\n    url: https://www.zhihu.com/hot #!" + RECORD, "url", "kind: import"),
    "xiaohongshu": ("- id: a\n    kind: feed\n    url: https://www.xiaohongshu.com/explore #!" + RECORD, "url", "直报"),
    "douyin": ("- id: a\n    kind: json\n    url: https://www.douyin.com/aweme/v1/web/hot #!\n    fields: {text: word}" + RECORD, "url", "申请抖音开放平台"),
    "kuaishou": ("- id: a\n    kind: feed\n    url: https://www.kuaishou.com/ #!" + RECORD, "url", "kind: push"),
    "wechat": ("- id: a\n    kind: feed\n    url: https://mp.weixin.qq.com/s/x #!" + RECORD, "url", "请发文单位提供订阅源"),
    "bilibili": ("- id: a\n    kind: json\n    url: https://api.bilibili.com/x/web-interface/wbi/search/square #!\n    fields: {text: word}" + RECORD, "url", "WBI 签名"),
    "a closed host among hosts": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    hosts: [www.zhihu.com] #!" + RECORD, "hosts", "kind: import"),
    "an address among hosts": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    hosts: ['https://b.example.com/'] #!" + RECORD, "hosts", "只写主机名"),
    "signed url": ("- id: a\n    kind: json\n    url: https://a.example.com/x?w_rid=1&wts=2 #!\n    fields: {text: t}" + RECORD, "url", "签名"),
    "token in the url": ("- id: a\n    kind: json\n    url: https://a.example.com/x?access_token=s3cr3t #!\n    fields: {text: t}" + RECORD, "url", "token.env"),
    "cookie": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    cookie: SUB=1 #!" + RECORD, "cookie", "请改用官方接口"),
    "captcha": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    captcha: auto #!" + RECORD, "captcha", "kind: import"),
    "robots switched off": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    robots: false #!" + RECORD, "robots", "请删去这一行"),
    "another agent": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    user_agent: Mozilla/5.0 #!" + RECORD, "user_agent", "请删去这一行"),
    "too often": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    interval_s: 10 #!" + RECORD, "interval_s", "至少相隔 60 秒"),
    "too fast": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    request_gap_s: 1 #!" + RECORD, "request_gap_s", "至少相隔 2 秒"),
    "interval in words": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    interval_s: 10分钟 #!" + RECORD, "interval_s", "应是数字"),
    "place by name": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    place: 长沙 #!" + RECORD, "place", "例如长沙市是 430100"),
    "metadata address": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    allow_private: [169.254.169.254] #!" + RECORD, "allow_private", "写内网主机名或地址"),
    "misspelt key": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    licens: CC #!" + RECORD, "licens", "是不是“licence”"),
    "a key twice": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    url: https://b.example.com/ #!" + RECORD, "url", "请只留一个"),
    "a section of another kind": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    post: {row: a, text: b} #!" + RECORD, "post", "请删去"),
    "a list that says nothing of its links": ("- id: a\n    kind: list\n    url: https://a.example.com/\n    links: {pages_max: 2} #!" + RECORD, "links", "links.pattern"),
    "a list without links": ("- id: a #!\n    kind: list\n    url: https://a.example.com/" + RECORD, "links", "必须写“links”"),
    "a broken pattern": ("- id: a\n    kind: list\n    url: https://a.example.com/\n    links: {pattern: '(t'} #!" + RECORD, "links.pattern", "检查括号"),
    "a pattern that never ends": ("- id: a\n    kind: list\n    url: https://a.example.com/\n    links: {pattern: '(a+)+$'} #!" + RECORD, "links.pattern", "写得简单些"),
    "a broken selector": ("- id: a\n    kind: list\n    url: https://a.example.com/\n    links: {link: 'a[['} #!" + RECORD, "links.link", "在浏览器里试好再写"),
    "a broken expression": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    fields: {text: 'a.[b'} #!" + RECORD, "fields.text", "jmespath.org"),
    "json without text": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    fields: {id: id} #!" + RECORD, "fields", "要写 fields.text"),
    "cursor without a place in the url": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    json: {cursor: next} #!\n    fields: {text: t}" + RECORD, "json.cursor", "写上它"),
    "since that nothing fills": ("- id: a\n    kind: json\n    url: 'https://a.example.com/?after={since}' #!\n    fields: {text: t}" + RECORD, "url", "请写明到哪里取它"),
    "unknown placeholder": ("- id: a\n    kind: json\n    url: 'https://a.example.com/?q={query}' #!\n    fields: {text: t}" + RECORD, "url", "可用的有"),
    "cursor and page": ("- id: a\n    kind: json\n    url: 'https://a.example.com/?c={cursor}&p={page}' #!\n    json: {cursor: n}\n    fields: {text: t}" + RECORD, "url", "只能写一个"),
    "the token itself": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    fields: {text: t}\n    token: {env: 2.00abcDEF-s3cr3t} #!" + RECORD, "token.env", "不写令牌本身"),
    "a token in the cookie": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    fields: {text: t}\n    token: {env: MY_TOKEN, header: Cookie} #!" + RECORD, "token.header", "看接口文档"),
    "a token in clear": ("- id: a\n    kind: json\n    url: http://a.example.com/ #!\n    fields: {text: t}\n    token: {env: MY_TOKEN}" + RECORD, "url", "要用 https://"),
    "rank in a json source": ("- id: a\n    kind: json\n    url: https://a.example.com/\n    fields: {text: t, rank: r} #!" + RECORD, "fields.rank", "请删去"),
    "row and json": ("- id: a\n    kind: hotlist\n    url: https://a.example.com/\n    row: li\n    json: {items: a} #!\n    fields: {text: t}" + RECORD, "json", "只能写一个"),
    "unknown preset": ("- id: a\n    preset: discus #!\n    kind: forum\n    url: https://a.example.com/\n    list: {row: a}\n    post: {row: a, text: b}" + RECORD, "preset", "是不是“discuz”"),
    "preset of another kind": ("- id: a\n    kind: json #!\n    preset: discuz\n    url: https://a.example.com/\n    fields: {text: t}" + RECORD, "kind", "请删去这一行"),
    "a push with a url": ("- id: a\n    kind: push\n    url: https://a.example.com/ #!" + RECORD, "url", "请删去"),
    "a push without end": ("- id: a\n    kind: push\n    size_max_kib: 99999 #!" + RECORD, "size_max_kib", "1 到 512"),
    "no requests": ("- id: a\n    kind: feed\n    url: https://a.example.com/\n    requests_max: 0 #!" + RECORD, "requests_max", "1 以上"),
    "no articles": ("- id: a\n    kind: sitemap\n    url: https://a.example.com/s.xml\n    links: {articles_max: 0} #!" + RECORD, "links.articles_max", "1 以上"),
}  # fmt: skip


def written(folder: Path, entry: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(f"# 样例\nsources:\n  {entry}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SOUND)
def test_each_kind_is_sound_in_at_most_eight_lines(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, f"- id: a\n    {SOUND[name]}{RECORD}")
    assert len(path.read_text("utf-8").strip().splitlines()) - 2 <= 8
    assert len(load_sources(path)) == 1


@pytest.mark.parametrize("name", WRONG)
def test_a_source_written_wrongly_is_refused_with_line_key_and_remedy(tmp_path: Path, name: str) -> None:
    entry, key, remedy = WRONG[name]
    path = written(tmp_path, entry)
    line = next(n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if "#!" in text)
    told = [fault for fault in check_sources(path) if fault.key == f"sources[1].{key}"]
    assert [fault.line for fault in told] == [line], check_sources(path)
    assert remedy in told[0].sentence
    assert re.search(r"[。]$", told[0].sentence)
    with pytest.raises(Rejected) as caught:
        load_sources(path)
    assert f"{path} 有 " in str(caught.value)
    assert f"第 {line} 行 sources[1].{key}：" in str(caught.value)


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_is_told_once(tmp_path: Path, name: str) -> None:
    assert len(check_sources(written(tmp_path, WRONG[name][0]))) == 1


def test_a_page_belongs_to_one_source(tmp_path: Path) -> None:
    entry = f"- id: a\n    kind: feed\n    url: https://a.example.com/{RECORD}\n  - id: b\n    kind: feed\n    url: https://a.example.com/{RECORD}"
    (fault,) = check_sources(written(tmp_path, entry))
    assert (fault.line, fault.key) == (11, "sources[2].url")
    assert "第 5 行" in fault.sentence


def test_there_are_more_than_thirty_ways_to_be_wrong() -> None:
    assert len(WRONG) >= 30


def test_a_token_written_into_the_file_is_not_said_again(tmp_path: Path) -> None:
    for name in ("the token itself", "token in the url"):
        assert "s3cr3t" not in str(check_sources(written(tmp_path, WRONG[name][0])))


def test_an_official_interface_is_open_to_an_own_token(tmp_path: Path) -> None:
    entry = "- id: a\n    kind: json\n    url: https://api.weibo.com/2/search/topics.json?q=妇女\n    json: {items: statuses}\n    fields: {text: text, id: idstr}\n    token: {env: WEIBO_TOKEN, scheme: OAuth2}"
    (source,) = load_sources(written(tmp_path, entry + RECORD))
    assert source.token
    assert source.token.env == "WEIBO_TOKEN"


def test_a_loopback_source_need_not_state_its_basis(tmp_path: Path) -> None:
    assert load_sources(written(tmp_path, "- id: a\n    kind: feed\n    url: http://127.0.0.1:81/rss"))


def test_a_preset_is_filled_in_and_the_entry_goes_before_it(tmp_path: Path) -> None:
    entry = "- id: a\n    preset: discuz\n    url: https://bbs.example.com/\n    list: {threads_max: 7}\n    author_kind: unknown"
    (source,) = load_sources(written(tmp_path, entry + RECORD))
    assert (source.kind, source.author_kind) == ("forum", "unknown")
    assert source.list
    assert source.post
    assert (source.list.threads_max, source.list.row) == (7, "tbody[id^=normalthread]")
