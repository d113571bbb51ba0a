"""The FastAPI app of the edge, put together: API under `/api/v1`, and what else is to be served beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from processors.contract.codec import Codec
from processors.contract.schema_ids import LockedIds
from processors.edge.api import answers, dead_letters, reading, writing
from processors.edge.api.description import READ_PROBLEMS, VERSION, describe
from processors.edge.api.freshness import lag_form, lag_headers
from processors.edge.api.hosts import HostCheck
from processors.edge.api.limits import BodyLimit, RateLimit
from processors.edge.api.problems import handle_problems
from processors.edge.api.roles import Role, needs
from processors.edge.api.tokens import Tokens
from processors.edge.publishing import Publisher
from processors.edge.store.engine import Store

PREFIX: Final = "/api/v1"


class Changes(Protocol):
    """Tells of commits of the projection: `number` rises with each."""

    @property
    def number(self) -> int: ...

    @property
    def has_ended(self) -> bool:
        """Nobody should wait any more."""
        ...

    async def after(self, number: int, limit_s: float) -> int:
        """The number as soon as it is another than the one given, once the time is over, or at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app is told. `tokens` None: everybody may do everything, for an edge on loopback alone."""

    tokens: Tokens | None = None
    body_bytes_max: int = 8 * 1024 * 1024
    rate_per_s: float = 50.0
    rate_burst: int = 200
    codec: Codec | None = None
    """Reads dead letters for replay; None: schema ids of the lock file."""
    changes: Changes | None = None
    version: str = VERSION


def build(store: Store, publisher: Publisher, settings: Settings, beside: Sequence[APIRouter] = ()) -> FastAPI:
    """The app over a store that is migrated, sending through `publisher`.

    `beside`: further routers, with paths of their own from `/` on. `app.state` has store, publisher, tokens, changes.
    """
    app = FastAPI(
        title="lotstream",
        version=settings.version,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.store, app.state.publisher = store, publisher
    app.state.tokens, app.state.changes = settings.tokens, settings.changes
    app.state.codec = settings.codec or Codec(LockedIds())
    handle_problems(app)
    app.add_middleware(BodyLimit, bytes_max=settings.body_bytes_max)
    app.add_middleware(RateLimit, per_s=settings.rate_per_s, burst=settings.rate_burst, tokens=settings.tokens)
    if settings.tokens is None:
        app.add_middleware(HostCheck)
    # Answers before look-ups: `/replies/{id}` names a request, not a place in the topic.
    for router in (answers.router(), dead_letters.router(), writing.router(), reading.router(), _about()):
        app.include_router(router, prefix=PREFIX)
    for router in beside:
        app.include_router(router)
    describe(app)
    return app


def _about() -> APIRouter:
    routes = APIRouter(tags=["About"])

    @routes.get(
        "/lag",
        response_class=Response,
        dependencies=[Depends(needs(Role.VIEWER))],
        summary="How far the registers are behind their topics",
        openapi_extra={
            "responses": {
                "200": {
                    "description": "The lag, of each topic and of all.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lag"}}},
                },
                **READ_PROBLEMS,
            }
        },
    )
    def lag(request: Request) -> Response:
        store: Store = request.app.state.store
        seen = store.lag()
        topics = {each.topic: {"records": each.records, "behind_ms": each.behind_ms} for each in seen.topics}
        return JSONResponse({**lag_form(seen), "message": seen.message, "topics": topics}, headers=lag_headers(seen))

    return routes
