"""What can go wrong with a provider?  The slugs people see; what is Upstream or Unavailable lets the next engine try."""

from __future__ import annotations

from photofun_common.errors import InvalidError, RateLimitedError, UnavailableError, UpstreamError

__all__ = [
    "DailyCapError",
    "LastingError",
    "ModerationBlockedError",
    "OutcomeUnknownError",
    "ProviderAuthError",
    "ProviderCreditsError",
    "ProviderDownError",
    "ProviderFailedError",
    "ProviderLateError",
    "ProviderLimitedError",
    "ProviderRejectedError",
    "RepeatsSpentError",
    "ResultLostError",
    "UnsuitedError",
]


class LastingError(UpstreamError):
    """Asking the same again would give the same, or cost again: another engine may try, but nobody repeats it."""


class ProviderAuthError(LastingError):
    slug, title = "provider-auth", "The provider does not take the key"


class ProviderCreditsError(LastingError):
    slug, title = "provider-no-credits", "The provider's account has no credits left"


class ProviderFailedError(LastingError):
    slug, title = "provider-failed", "The provider failed"


class ResultLostError(UpstreamError):
    """It was made, but it could not be fetched: fetching it again costs nothing."""

    slug, title = "provider-failed", "The provider's result could not be fetched"


class ProviderLateError(UpstreamError):
    slug, title, status = "provider-timeout", "The provider took too long", 504


class OutcomeUnknownError(UpstreamError):
    """A paid call was sent and its answer never came: it may have been charged."""

    slug, title = "provider-outcome-unknown", "The provider's answer was lost"


class ProviderDownError(UnavailableError):
    slug, title = "provider-unavailable", "The provider can't be reached"


class RepeatsSpentError(ProviderDownError):
    """It failed a moment ago, and enough of this minute's calls were repeats.  What failed then is the better thing to say."""


class ProviderLimitedError(UnavailableError):
    slug, title = "provider-rate-limited", "The provider wants a pause"


class DailyCapError(RateLimitedError):
    """No more paid calls today; what costs nothing goes on."""

    slug, title = "daily-cap-reached", "Today's budget for paid engines is used up"


class UnsuitedError(UnavailableError):
    """The engine does the feature, but not with this picture or these parameters."""

    slug, title = "provider-unsuited", "The provider can't take this one"


class ProviderRejectedError(InvalidError):
    slug, title = "provider-rejected", "The provider does not accept this request"


class ModerationBlockedError(InvalidError):
    slug, title = "moderation-blocked", "The provider's content rules refuse this"
