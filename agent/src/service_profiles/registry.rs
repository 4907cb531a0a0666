use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Profile;
use crate::config::ServiceProfile;
use crate::http_client::Bearer;
use crate::jobs::Terms;
use crate::messages::{Code, Fault};
use crate::secrets::HeldSecret;

/// Every profile of one service, cheap to clone.
pub struct Profiles<P, C> {
    by_name: Arc<BTreeMap<String, Arc<Profile<P, C>>>>,
}

impl<P: ServiceProfile, C> Profiles<P, C> {
    /// The configured profiles; `connect` makes a client of a profile's name, its settings and its bearer token. Tokens are read
    /// when they are needed.
    pub fn new(configured: &BTreeMap<String, P>, connect: impl Fn(&str, &P, Bearer) -> Result<C, Fault>) -> Self {
        let profile = |(name, config): (&String, &P)| {
            let secret = HeldSecret::new(config.service().token.clone());
            let bearer = Bearer::new(move || secret.fetch());
            let client = connect(name, config, bearer);
            (name.clone(), Arc::new(Profile::new(name, config.clone(), client)))
        };
        Self {
            by_name: Arc::new(configured.iter().map(profile).collect()),
        }
    }

    /// The profile with this name.
    ///
    /// # Errors
    /// `profile_unknown`.
    pub fn profile(&self, name: &str) -> Result<Arc<Profile<P, C>>, Fault> {
        let profile = self.by_name.get(name).cloned();
        profile.ok_or_else(|| Fault::new(Code::ProfileUnknown).arg("profile", name))
    }

    /// Every profile, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Profile<P, C>>> {
        self.by_name.values()
    }

    /// What the configuration says of the jobs of the profile with this name; the built-in terms when there is none any more.
    pub fn terms(&self, name: Option<&str>) -> Terms {
        name.and_then(|name| self.by_name.get(name))
            .map(|profile| profile.terms())
            .unwrap_or_default()
    }
}

impl<P: ServiceProfile, C: Clone> Profiles<P, C> {
    /// The client of a profile, for the calls that need no scenario.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn client(&self, name: &str) -> Result<C, Fault> {
        self.profile(name)?.client().cloned()
    }
}

impl<P, C> Clone for Profiles<P, C> {
    fn clone(&self) -> Self {
        Self {
            by_name: Arc::clone(&self.by_name),
        }
    }
}

impl<P, C> fmt::Debug for Profiles<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
