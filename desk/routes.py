"""A route with its guard: which acts let an officer in. Nobody is let in by default."""

from dataclasses import dataclass

from desk.visit import Page
from response.access import Officer, may


@dataclass(frozen=True)
class Guarded:
    """A path, its page function, and the acts any one of which opens it; `public` needs no sign-in at all."""

    path: str
    page: Page
    acts: tuple[str, ...] = ()
    posts: bool = False
    public: bool = False
    everyone: bool = False
    """Open to every signed-in officer."""
    may_owe: bool = False
    """Open also while the one-time password still has to be changed."""

    def lets_in(self, officer: Officer | None) -> bool:
        if self.public:
            return True
        return officer is not None and (self.everyone or any(may(officer, act) for act in self.acts))


def show(path: str, page: Page, *acts: str) -> Guarded:
    """Return the route of a page that is read."""
    return Guarded(path, page, acts)


def act(path: str, page: Page, *acts: str) -> Guarded:
    """Return the route of an act: a form that is posted."""
    return Guarded(path, page, acts, posts=True)
