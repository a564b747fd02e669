//! A login that was refused.

use core::fmt;

use crate::error::Error;
use crate::reason::{Reason, StoreRule};
use crate::report::{Failure, Report};
use crate::response::status::Status;
use crate::store::StoreError;

pub(crate) const PUBLIC_MESSAGE: &str = "The sign-in could not be completed. Please try again; if it keeps failing, contact your administrator.";

/// What the caller can do before it validates the same message once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The message is signed with a key that is not configured, or the metadata has expired: fetch
    /// the identity provider's metadata once (rate-limited) and validate the same message again.
    RefreshMetadata,
}

#[derive(Debug)]
struct Inner {
    reason: Reason,
    report: Report,
    needs: Option<Need>,
    status: Option<Status>,
    store_error: Option<Box<dyn core::error::Error + Send + Sync>>,
}

/// A login that was refused: the code, and the report that explains it.
///
/// `Display` gives the code alone. A browser is shown [`public_message`](Self::public_message),
/// an operator the [`report`](Self::report).
#[derive(Debug)]
pub struct Rejection(Box<Inner>);

impl Rejection {
    pub(crate) fn new(reason: Reason, report: Report) -> Self {
        Self(Box::new(Inner {
            reason,
            report,
            needs: None,
            status: None,
            store_error: None,
        }))
    }

    pub(crate) fn with_needs(mut self, needs: Option<Need>) -> Self {
        self.0.needs = needs;
        self
    }

    pub(crate) fn with_status(mut self, status: Option<Status>) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn with_store_error(
        mut self,
        error: Box<dyn core::error::Error + Send + Sync>,
    ) -> Self {
        self.0.store_error = Some(error);
        self
    }

    /// The rule that was broken first.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The stable code of that rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.0.reason.code()
    }

    /// Every check, with the failures in it. It holds no NameID and no attribute value.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.0.report
    }

    /// What could make the same message acceptable.
    #[must_use]
    pub const fn needs(&self) -> Option<Need> {
        self.0.needs
    }

    /// What the identity provider said, if it refused the login itself (`status.not_success`).
    ///
    /// It is not verified: anyone can post an unsigned refusal.
    #[must_use]
    pub const fn status(&self) -> Option<&Status> {
        self.0.status.as_ref()
    }

    /// What a browser may be shown: the same sentence for every reason.
    // An error page that differs by reason is an oracle for whoever forges messages.
    #[must_use]
    pub const fn public_message(&self) -> &'static str {
        PUBLIC_MESSAGE
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.store_error.as_deref().map(|error| error as _)
    }
}

/// A message that could not even be read is refused like any other.
impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        let mut failure = Failure::new(error.reason());
        if let Some(at) = error.at() {
            failure = failure.at(at.offset..at.offset);
        }
        Self::new(error.reason(), Report::of_failure(failure))
    }
}

/// A store that fails while a pending login is kept or looked for refuses the login (`store.failed`).
impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::from(Error::from(StoreRule::Failed)).with_store_error(Box::new(error))
    }
}
