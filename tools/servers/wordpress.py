"""WordPress from the Debian package, unpacked only: PHP's own server shows it, MariaDB keeps it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from tools.servers.mariadb import MariaDb
from tools.servers.server import Server, ServerError, is_open, need

EDITOR: Final = "bianji"
PASSWORD: Final = "of-the-tests-only"  # noqa: S105 - of a server on loopback that lives as long as the tests
_PACKAGES: Final = ("wordpress", "wordpress-theme-twentytwentythree")
_PHP_PACKAGES: Final = "php-cli php-mysql php-xml"
_ROUTER: Final = Path(__file__).with_name("wordpress_router.php")
_SETTINGS: Final = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('WP_ENVIRONMENT_TYPE', 'local');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_POST_REVISIONS', false);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $part) {{
    define($part . '_KEY', 'of the tests only');
    define($part . '_SALT', 'of the tests only');
}}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_INSTALL: Final = """<?php
$_SERVER['HTTP_HOST'] = '127.0.0.1:{port}';
define('WP_INSTALLING', true);
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('样例网', '{editor}', 'e@example.org', true, '', '{password}');
update_option('siteurl', 'http://127.0.0.1:{port}');
update_option('home', 'http://127.0.0.1:{port}');
update_option('timezone_string', 'Asia/Shanghai');
update_option('comment_moderation', 0);
update_option('comment_previously_approved', 0);
update_option('posts_per_rss', {feed});
update_option('posts_per_page', {feed});
update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
wp_delete_post(1, true);
wp_delete_post(2, true);
wp_delete_post(3, true);
switch_theme('twentytwentythree');
flush_rewrite_rules();
echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'tests'])[0];
"""
FEED: Final = 5
"""Posts of a page of the feed."""


class WordPress(Server):
    """See the module. One site with an editor, whose application password stands in the file `password`."""

    name = "wordpress"

    def __init__(self, folder: Path, shift: int = 0) -> None:
        super().__init__(folder, shift)
        self.database = MariaDb(self.folder, shift)

    @property
    def port(self) -> int:
        return 18200 + self.shift

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """What the editor's programs log in with."""
        return (self.folder / "password").read_text()

    @property
    def version(self) -> str:
        php = f"require '{self._package}/usr/share/wordpress/wp-includes/version.php'; echo $wp_version;"
        return subprocess.run(["php", "-r", php], check=True, capture_output=True, text=True).stdout

    def fetch(self) -> None:
        php = need("php", _PHP_PACKAGES)
        have = subprocess.run([php, "-m"], check=True, capture_output=True, text=True).stdout.split()
        if lacking := {"mysqli", "SimpleXML"} - {*have}:
            raise ServerError(
                f"PHP lacks {', '.join(sorted(lacking))}: run tools/install_packages as root, or apt-get install {_PHP_PACKAGES}"
            )
        self.database.fetch()
        if self._package.is_dir():
            return
        unfinished = self.shared / "wordpress.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _download(unfinished)
        for package in sorted(unfinished.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(package), str(unfinished)], check=True)
            package.unlink()
        unfinished.rename(self._package)

    def start(self) -> None:
        self.database.start()
        try:
            super().start()
        except Exception:
            self.stop()
            raise

    def stop(self) -> None:
        super().stop()
        self.database.stop()

    def prepare(self) -> None:
        site = self.folder / "site"
        if (self.folder / "password").exists():
            return
        shutil.rmtree(site, ignore_errors=True)
        shipped = self._package / "usr/share/wordpress"
        (site / "wp-content").mkdir(parents=True)
        for file in shipped.glob("*.php"):
            shutil.copy(file, site)
        for name in ("wp-admin", "wp-includes", "wp-content/themes"):
            (site / name).symlink_to(shipped / name)
        (site / "wp-config.php").write_text(_SETTINGS.format(socket=self.database.address))
        install = _INSTALL.format(port=self.port, editor=EDITOR, password=PASSWORD, feed=FEED)
        done = subprocess.run(
            [need("php", _PHP_PACKAGES)], input=install, cwd=site, check=False, capture_output=True, text=True
        )
        if done.returncode or len(done.stdout) != 24:
            raise ServerError(f"WordPress was not installed: {(done.stdout + done.stderr)[-2000:]}")
        (self.folder / "password").write_text(done.stdout)

    def command(self) -> Sequence[str]:
        serve = [
            "-d",
            "opcache.enable_cli=1",
            "-S",
            f"127.0.0.1:{self.port}",
            "-t",
            str(self.folder / "site"),
            str(_ROUTER),
        ]
        return [need("php", _PHP_PACKAGES), *serve]

    def environment(self) -> Mapping[str, str]:
        return {"PHP_CLI_SERVER_WORKERS": "2"}

    def is_ready(self) -> bool:
        if not is_open(self.port):
            return False
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/feed/", timeout=10).status_code in {200, 304}
        return False

    @property
    def _package(self) -> Path:
        return self.shared / "wordpress"


def _download(folder: Path) -> None:
    """Fetch the packages without installing them: their web server would listen to the world."""
    fetch = ["apt-get", "download", "-qq", *_PACKAGES]
    for attempt in (0, 1):
        if attempt and os.geteuid() == 0:  # the lists of a fresh machine are empty
            subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        found = subprocess.run(fetch, cwd=folder, check=False, capture_output=True, text=True)
        if found.returncode == 0:
            return
    raise ServerError(f"cannot fetch {', '.join(_PACKAGES)}: {found.stderr.strip()[-500:]}; as root run apt-get update")
