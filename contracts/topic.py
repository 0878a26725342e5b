"""What a post can be about: twelve topics and `none`, with the words that people see."""

from typing import Final, Literal

Topic = Literal[
    "domestic_violence", "sexual_violence", "marriage_family", "employment", "fertility_childcare", "health",
    "minors", "safety_trafficking", "rural_rights", "gender_discourse", "development", "federation_service",
]  # fmt: skip

TOPIC_WORDS: Final[dict[str, str]] = {
    "domestic_violence": "家庭暴力",
    "sexual_violence": "性侵与性骚扰",
    "marriage_family": "婚姻家庭",
    "employment": "就业与职场",
    "fertility_childcare": "生育与托育",
    "health": "女性健康",
    "minors": "未成年人保护",
    "safety_trafficking": "人身安全与拐卖",
    "rural_rights": "农村妇女权益",
    "gender_discourse": "性别议题讨论",
    "development": "妇女发展与典型",
    "federation_service": "妇联工作与服务",
}
TOPICS: Final[tuple[str, ...]] = tuple(TOPIC_WORDS)
