"""Words that people see and that no contract holds already."""

from typing import Final

from contracts.score import Score

DONE: Final[dict[str, str]] = {
    "acknowledged": "已签收，升级通知停止。",
    "confirmed": "级别已定。",
    "decided": "研判已记录。",
    "task": "研判已记录，回应任务已建立，等人认领。",
    "false_alarm": "已记为误报。",
    "silenced": "已静默。到期自动恢复；求助永不静默。",
    "unsilenced": "静默已结束。",
    "claimed": "任务已由你认领。",
    "drafted": "草稿已保存。",
    "submitted": "已送审。审核人要是另一个人。",
    "approved": "审核意见已记录：通过。",
    "returned": "已退回起草人。",
    "published": "发布链接与时间已记录。",
    "effect": "效果已记录。",
    "closed": "已办结。",
    "withdrawn": "任务已撤回。",
    "handed_over": "转交已记录，等对方签收；到时未签收会回到这里。",
    "received": "对方签收已记录。",
    "answered": "反馈已记录。",
    "settled": "已记为已核。",
    "fact": "口径已保存为新版本。",
    "fact_withdrawn": "口径已停用：引用它的草稿和审核随即作废。",
    "account": "账号已登记。",
    "user": "用户已保存。",
    "password": "口令已更换。",
    "report_built": "草稿已生成，数字已锁定。",
    "report": "报告文字已保存，数字没有变。",
    "signed": "报告已签发。",
    "shift": "交接班记录已保存。",
    "taken_over": "接班签收已记录：未办结的事从现在起由你负责。",
    "rostered": "值班表已排。",
    "struck": "这一班已从值班表撤下。",
    "corrected": "改正已记录，多谢。下一次重训模型（qingting learn）时会用上。",
    "advice": "已记为已答复。",
    "reported": "已录入，几秒后进入监测。",
    "reported_masked": "已录入，其中的个人信息已遮盖，几秒后进入监测。",
    "reported_again": "这一条已经录入过，没有重复记。",
    "try_now": "已请采集程序马上采一次，几秒后这里会更新。",
    "try_later": "已记下。对方网站要求晚些再来，到时马上采。",
    "signed_out": "你已退出。",
}
PLATFORM_AUTHORS: Final[dict[str, str]] = {
    "weibo": "某微博用户", "forum": "某论坛网友", "feed": "某媒体", "news": "某媒体", "mailbox": "某来信人",
}  # fmt: skip
AUTHOR_KINDS: Final[dict[str, str]] = {"media": "媒体账号", "government": "政务账号"}
MARKS: Final[dict[str, str]] = {
    "help": "求助", "danger": "有人正处在危险中", "attack": "攻击女性", "counter": "声援女性",
}  # fmt: skip
TARGETS: Final[dict[str, str]] = {"": "都不是", "federation": "妇联", "institution": "其他单位"}
SENTIMENTS: Final[dict[int, str]] = {-1: "负面", 0: "中性", 1: "正面"}
SOURCE_KINDS: Final[dict[str, str]] = {
    "feed": "订阅源", "forum": "论坛", "list": "列表页", "sitemap": "站点地图", "json": "接口", "hotlist": "热榜",
    "push": "推送", "import": "导入",
}  # fmt: skip
HOT_CHANGES: Final[dict[str, str]] = {
    "new": "新上榜",
    "up": "↑ 上升",
    "down": "↓ 下降",
    "same": "— 不变",
    "off": "已下榜",
}
OWN_SOURCES: Final[dict[str, str]] = {"zhibao": "直报"}
"""Sources that no file names: what officers enter at the desk."""
CHANNELS: Final[dict[str, str]] = {
    "desk": "值班台", "webhook": "推送接口", "all": "全部渠道", "email": "电子邮件", "wecom": "企业微信",
    "dingtalk": "钉钉", "feishu": "飞书",
}  # fmt: skip
DELIVERY_STATES: Final[dict[str, str]] = {
    "pending": "待送出",
    "sent": "已送达",
    "failed": "没有送达",
    "muted": "已静默",
}
NOTICE_KINDS: Final[dict[str, str]] = {
    "opened": "新预警", "escalated": "升级", "resolved": "结束", "deadline": "时限提醒", "returned": "转交退回",
    "handed_over": "转交", "raised": "级别提高", "source": "信源状况",
}  # fmt: skip
CHANGE_KINDS: Final[dict[str, str]] = {
    "opened": "报出", "told": "通知", "raised": "提高建议级别", "state": "状态", "level": "定级", "event": "事件合并",
    "escalated": "升级通知",
}  # fmt: skip
ROLES_OF_PROGRAM: Final[dict[str, str]] = {
    "crawl": "采集", "score": "理解", "worker": "理解（工作进程）", "index": "归档检索", "watch": "预警", "notify": "通知",
    "desk": "值班台",
}  # fmt: skip


def kind(score: Score) -> str:
    """Return what a post is beside its sentiment: 意见建议, 可能为声援 or "". An attack is named on its page alone."""
    return "、".join(
        word for word, holds in (("意见建议", score.is_advice), ("可能为声援", score.may_support)) if holds
    )
