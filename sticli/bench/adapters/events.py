"""What OpenAI-compatible servers send, as far as the bench looks at it; they may say more."""

import msgspec


class Meta(msgspec.Struct):
    """What llama-server adds to a model."""

    n_ctx: int = 0


class Model(msgspec.Struct):
    """One entry of /v1/models."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = None
    meta: Meta | None = None


class Models(msgspec.Struct):
    """The reply of /v1/models."""

    data: list[Model]


class About(msgspec.Struct):
    """What /version, /server_info or /props say: each server some of it."""

    version: str = ""
    build_info: str = ""
    total_slots: int = 0


class Details(msgspec.Struct):
    """Of a prompt."""

    cached_tokens: int | None = None


class Usage(msgspec.Struct):
    """What an answer took."""

    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: Details | None = None

    @property
    def cached(self) -> int | None:
        """Tokens of the prompt that were not computed; None: the server does not tell."""
        details = self.prompt_tokens_details
        return None if details is None else details.cached_tokens


class Delta(msgspec.Struct):
    """A piece of a chat's answer."""

    content: str | None = None


class Choice(msgspec.Struct):
    """A piece of the answer."""

    text: str | None = None  # of completions
    delta: Delta | None = None  # of chat
    finish_reason: str | None = None

    @property
    def said(self) -> str:
        """Its text."""
        return self.text or (self.delta.content if self.delta else None) or ""


class Chunk(msgspec.Struct):
    """One event of a streamed answer."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: object = None
