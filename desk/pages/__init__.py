"""The pages, one module each; the one list of addresses."""

from starlette.responses import RedirectResponse, Response

from desk.pages import (
    accounts,
    alerts,
    direct_report,
    facts,
    inbox,
    pleas,
    posts,
    reports,
    rules,
    search,
    shift,
    sign_in,
    situation,
    sources,
    system,
    tasks,
    users,
)  # fmt: skip
from desk.routes import Guarded, act, show
from desk.visit import Visit


def routes() -> tuple[Guarded, ...]:
    """Return every address with its guard."""
    return (
        Guarded("/", _start, everyone=True),
        Guarded("/more", _more, everyone=True),
        Guarded("/sign-in", sign_in.show, public=True, may_owe=True),
        Guarded("/sign-in", sign_in.sign_in, public=True, posts=True, may_owe=True),
        Guarded("/sign-out", sign_in.sign_out, everyone=True, posts=True, may_owe=True),
        Guarded("/password", sign_in.show_password, everyone=True, may_owe=True),
        Guarded("/password", sign_in.set_password, everyone=True, posts=True, may_owe=True),
        show("/inbox", inbox.inbox, "see_inbox"),
        show("/alerts", alerts.alerts, "see_alerts"),
        show("/alerts/{id}", alerts.alert, "see_alerts", "see_pleas"),
        act("/alerts/{id}/acknowledge", alerts.acknowledge, "judge"),
        act("/alerts/{id}/level", alerts.confirm_level, "judge"),
        act("/alerts/{id}/merge", alerts.merge, "judge"),
        act("/alerts/{id}/silence", alerts.silence, "silence"),
        act("/silences/{id}/end", alerts.end_silence, "silence"),
        act("/judgements/{id}/decide", alerts.decide, "judge"),
        show("/help", pleas.pleas, "see_pleas"),
        show("/help/post/{post}", pleas.of_post, "see_pleas"),
        act("/help/post/{post}/settle", pleas.settle, "close_help"),
        show("/help/{id}", pleas.plea, "see_pleas"),
        act("/help/{id}/hand-over", pleas.hand_over, "hand_over"),
        act("/help/{id}/receive", pleas.receive, "receive"),
        act("/help/{id}/answer", pleas.answer, "receive"),
        act("/help/{id}/close", pleas.close, "close_help"),
        act("/help/{id}/correct", pleas.correct, "correct"),
        show("/tasks", tasks.tasks, "see_tasks"),
        show("/tasks/{id}", tasks.task, "see_tasks"),
        act("/tasks/{id}/claim", tasks.claim, "claim"),
        act("/tasks/{id}/check", tasks.check, "draft"),
        act("/tasks/{id}/draft", tasks.draft, "draft"),
        act("/tasks/{id}/submit", tasks.submit, "draft"),
        act("/tasks/{id}/verify", tasks.verify, "draft"),
        act("/tasks/{id}/review", tasks.review, "review"),
        act("/tasks/{id}/publish", tasks.publish, "publish"),
        act("/tasks/{id}/effect", tasks.effect, "record_effect"),
        act("/tasks/{id}/close", tasks.close, "close_task"),
        act("/tasks/{id}/withdraw", tasks.withdraw, "withdraw"),
        show("/search", search.search, "search"),
        show("/search.csv", search.export, "export"),
        show("/posts/{id}", posts.post, "search"),
        act("/posts/{id}/correct", posts.correct, "correct"),
        show("/situation", situation.situation, "see_situation"),
        show("/sources", sources.sources, "see_sources"),
        show("/direct-report", direct_report.show, "report_in"),
        act("/direct-report", direct_report.report, "report_in"),
        show("/sources/{id}", sources.source, "see_sources"),
        act("/sources/{id}/try", sources.try_now, "try_source"),
        show("/rules", rules.rules, "see_rules"),
        show("/facts", facts.facts, "see_facts"),
        act("/facts", facts.add, "write_fact"),
        act("/facts/{id}/verify", facts.verify, "verify_fact", "approve_holding"),
        act("/facts/{id}/withdraw", facts.withdraw, "verify_fact"),
        show("/accounts", accounts.accounts, "see_accounts"),
        act("/accounts", accounts.register, "manage_accounts"),
        act("/accounts/{id}/active", accounts.set_active, "manage_accounts"),
        show("/users", users.users, "manage_users"),
        act("/users", users.add, "manage_users"),
        act("/users/{id}/password", users.set_password, "manage_users"),
        act("/users/{id}/active", users.set_active, "manage_users"),
        show("/reports", reports.reports, "see_reports"),
        show("/reports/{id}", reports.report, "see_reports"),
        act("/reports", reports.build, "write_report"),
        show("/reports/{id}/figures/{figure}", reports.figure, "see_reports"),
        show("/reports/{id}/file/{kind}", reports.file, "see_reports"),
        act("/reports/{id}/edit", reports.edit, "write_report"),
        act("/reports/{id}/sign", reports.sign, "sign_report"),
        show("/shift", shift.shift, "see_shift"),
        act("/shift", shift.write, "hand_shift"),
        act("/shift/roster", shift.roster, "keep_roster"),
        act("/shift/roster/{id}/strike", shift.strike, "keep_roster"),
        act("/shift/{id}/take-over", shift.take_over, "take_shift"),
        show("/system", system.system, "see_system"),
        act("/system/audit", system.verify_audit, "verify_audit"),
    )


def _start(_visit: Visit) -> Response:
    return RedirectResponse("/inbox", 303)


def _more(visit: Visit) -> Response:
    return visit.page("more.html")
