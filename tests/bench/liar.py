"""A twin that is not one: it says "low" where the priority is "none"."""

from typing import Any

from bench.stack.twins import bare


def build() -> Any:
    honest = bare.build()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async def send_altered(message: dict[str, Any]) -> None:
            if "body" in message:
                message["body"] = message["body"].replace(b'"priority":"none"', b'"priority":"low" ')
            await send(message)

        await honest(scope, receive, send_altered)

    return application
