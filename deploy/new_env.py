#!/usr/bin/env python3
"""A first deploy/.env with secrets of its own: `python3 deploy/new_env.py https://studio.example.org > deploy/.env`.

A broker's password begins with a letter: NATS reads what a variable holds as a value of its configuration.
"""

import secrets
import sys

SECRETS = ("INTERNAL_SECRET", "FILES_SECRET", "JWT_SECRET", "POSTGRES_PASSWORD")
BROKER_USERS = ("ADMIN", "GATEWAY", "CONVERSATION", "PROMPT", "IMAGING", "GALLERY")


def main() -> None:
    print(f"PUBLIC_URL={sys.argv[1] if len(sys.argv) > 1 else 'http://localhost:9999'}")
    for name in SECRETS:
        print(f"{name}={secrets.token_urlsafe(36)}")
    for user in BROKER_USERS:
        print(f"NATS_{user}_PASSWORD=k{secrets.token_hex(20)}")


if __name__ == "__main__":
    main()
