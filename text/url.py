"""One address for one page, whatever was hung onto it."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# What apps and sites hang onto an address to see who sent it on, by the app that does. Only names that choose no
# content: a dropped parameter that did would make one post of two.
_TRACKING_PREFIXES: Final = (
    "utm_",
    "spm",
    "share",
    "at_",
    "rsv_",
    "hmsr",
    "hmpl",
    "hmcu",
    "hmkw",
    "hmci",
    "hmmd",
    "mtm_",
    "pk_",
    "algo_",
)
_TRACKING: Final = frozenset({
    # everybody
    "from", "fromuid", "from_source", "from_spmid", "frommodule", "fromapp", "fromvsogou", "source_from", "ref",
    "ref_src", "ref_source", "referer", "referrer", "fbclid", "gclid", "dclid", "msclkid", "yclid", "mc_cid",
    "mc_eid", "igshid", "_ga", "_gl", "scm", "pvid", "ncid", "cmpid", "_",
    # WeChat
    "isappinstalled", "nsukey", "chksm", "scene", "srcid", "mpshare", "pass_ticket", "clicktime", "enterid", "ascene",
    "devicetype", "exportkey", "wx_header", "subscene", "sessionid", "wechat_redirect",
    # Baidu
    "wfr", "eqid", "baiduid", "bd_vid", "fr_from",
    # Weibo
    "luicode", "lfid", "sudaref", "refer_flag", "featurecode", "launchid", "extparam", "wm", "weibo_id", "retcode",
    # Toutiao and Douyin
    "timestamp", "tt_from", "use_new_style", "req_id", "log_from", "log_pb", "is_new_connect", "is_new_user",
    "category_new", "gd_ext_json", "app_share_style", "upstream_biz", "module_name",
    # Bilibili
    "vd_source", "unique_k", "bbid", "buvid", "is_story_h5", "plat_id", "seid",
    # Zhihu, Douban, Xiaohongshu, NetEase, CSDN, Taobao
    "hb_wx_block", "dt_dapp", "dt_platform", "dt_ref", "xsec_token", "xsec_source", "appuid", "apptime",
    "app_platform", "app_version", "author_share", "spss", "spssid", "spsw", "spsf", "biz_id", "ops_request_misc",
    "request_id",
})  # fmt: skip
_DEPTH: Final = re.compile(r"depth_\d+-utm_\w+")
_VALUES: Final = frozenset({("for", "pc"), ("tj", "wx")})
"""Names that mean something elsewhere, dropped with the value that trackers give them (`wfr=spider&for=pc`)."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """Return the address with lower-case scheme and host, without default port, fragment and tracking parameters.

    Parameters are sorted. What is no http(s) address comes back trimmed and otherwise as it was. Idempotent.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
    netloc = host if port in {None, _DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        if not _is_tracking(name.lower(), value)
    )
    return urlunsplit((scheme, netloc, parts.path.rstrip() or "/", urlencode(kept, errors="surrogateescape"), ""))


def _is_tracking(name: str, value: str) -> bool:
    return (
        name in _TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or (name, value.lower()) in _VALUES
        or bool(_DEPTH.fullmatch(name))
    )
