"""The command `orchctl`: speaks with a running orchd over its control socket."""

import os
from typing import Any

import click

from orchctl.completion import completion
from orchctl.config import config
from orchctl.db import db
from orchctl.session import Failure, Session, options
from orchctl.status import services, status
from orchd import __version__


class _Orchctl(click.Group):
    """Tells an error how it is to be shown."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            failure.as_json = ctx.obj.json
            raise


@click.group(cls=_Orchctl, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="orchctl", message="%(prog)s %(version)s")
@options()
@click.pass_context
def main(context: click.Context) -> None:
    """Operate orchd, the workflow orchestration daemon, over its control socket.

    \b
    Exit status:
      0  done; for `status` and `db check`: all is well
      1  failed, or not all is well
      2  wrong usage
      3  no daemon answers on the socket
      4  refused: no permission, the daemon is busy, or somebody would have to be asked
     70  a migration failed; the database is as it was
     78  the configuration is wrong; nothing has changed
    130  interrupted; what the daemon has begun goes on
    """
    context.obj = context.obj or Session()
    if os.environ.get("NO_COLOR"):
        context.color = False


for command in (status, db, config, services, completion):
    main.add_command(command)

if __name__ == "__main__":
    main()
