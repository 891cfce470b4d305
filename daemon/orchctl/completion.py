"""`orchctl completion SHELL`."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion for a shell.

    \b
    bash:  orchctl completion bash > /etc/bash_completion.d/orchctl
    zsh:   orchctl completion zsh > "${fpath[1]}/_orchctl"
    fish:  orchctl completion fish > ~/.config/fish/completions/orchctl.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "orchctl", "_ORCHCTL_COMPLETE").source())
