"""Prints the mean delay of posts under a budget of requests: our schedule, a fixed interval, Nutch's rule (seeded)."""

import argparse

from qingting.bench.polling import compare


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--sources", type=int, default=300)
    reading.add_argument("--days", type=int, default=14)
    reading.add_argument("--posts-a-day", type=float, default=6.4, help="of one source, on average")
    reading.add_argument("--spread", type=float, default=1.15, help="standard deviation of the logarithm of the rates")
    reading.add_argument("--polls", type=float, nargs="+", default=[24.0, 96.0], help="a source and day")
    reading.add_argument("--seed", type=int, default=20261123)
    asked = reading.parse_args()
    print("| policy | polls a source and day | empty | mean delay min | median | p95 | posts | lost |")
    print("|---|---|---|---|---|---|---|---|")
    for polls in asked.polls:
        for one in compare(
            sources=asked.sources, days=asked.days, posts_a_day=asked.posts_a_day, spread=asked.spread, seed=asked.seed,
            polls_a_day=polls,
        ):  # fmt: skip
            print(
                f"| {one.policy} | {one.polls_a_day:.1f} | {one.empty:.0%} | {one.mean:.1f} | {one.median:.1f} | "
                f"{one.p95:.0f} | {one.posts:,} | {one.lost} |"
            )


if __name__ == "__main__":
    main()
