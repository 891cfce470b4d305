"""Saves a block of each integration and uses what is loaded again."""

import json

from prefect_email import EmailServerCredentials
from prefect_shell import ShellOperation
from prefect_sqlalchemy import ConnectionComponents, SqlAlchemyConnector, SyncDriver


def main() -> None:
    ShellOperation(commands=["echo $GREETING"], env={"GREETING": "hello"}).save("greets", overwrite=True)
    database = ConnectionComponents(driver=SyncDriver.SQLITE_PYSQLITE, database=":memory:")
    SqlAlchemyConnector(connection_info=database).save("memory", overwrite=True)
    EmailServerCredentials(username="me", password="swordfish", smtp_server="127.0.0.1", smtp_port=2525).save(
        "mail", overwrite=True
    )

    with SqlAlchemyConnector.load("memory") as connector:
        rows = connector.fetch_all("SELECT 1 UNION SELECT 2 ORDER BY 1")
    mail = EmailServerCredentials.load("mail")
    said = {
        "shell": ShellOperation.load("greets").run(),
        "sqlalchemy": [row[0] for row in rows],
        "email": [mail.username, mail.password.get_secret_value(), mail.smtp_server, mail.smtp_port],
    }
    print(json.dumps(said))


main()
