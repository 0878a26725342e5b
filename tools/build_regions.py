"""Write contracts/regions.json, code → name, from the public table of divisions: Hunan to county, elsewhere to city.

Source: ../shared/data/divisions (WTFPL). Run it again when the divisions change.
"""

import csv
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HUNAN = "43"
PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区", "21": "辽宁省", "22": "吉林省",
    "23": "黑龙江省", "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省",
    "37": "山东省", "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区",
    "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省", "54": "西藏自治区", "61": "陕西省",
    "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区", "65": "新疆维吾尔自治区", "71": "台湾省",
    "81": "香港特别行政区", "82": "澳门特别行政区",
}  # fmt: skip
NOT_A_PLACE = ("市辖区", "县", "自治区直辖县级行政区划", "省直辖县级行政区划")
ZONES = ("管理区", "开发区", "园区", "示范区")


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/data/divisions"
    names = {f"{code}0000": name for code, name in PROVINCES.items()}
    for row in _rows(data / "cities.csv"):
        if row["name"] not in NOT_A_PLACE:
            names[f"{row['code']}00"] = row["name"]
    for row in _rows(data / "areas.csv"):
        if row["provinceCode"] == HUNAN and not row["name"].endswith(ZONES):
            names[row["code"]] = row["name"]
    lines = ",\n".join(f'"{code}":{json.dumps(name, ensure_ascii=False)}' for code, name in sorted(names.items()))
    (ROOT / "contracts/regions.json").write_text("{\n" + lines + "\n}\n", "utf-8")
    print(f"{len(names)} places")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
