//! The X.509 side of the federation: the authority and what it issues,
//! invitations, enrolment, renewal and recovery, and the rustls configurations
//! of both programs.
//!
//! Nothing here opens a socket, reads a clock or asks a database: the time and
//! every secret come in as arguments (only keys are drawn from the system's
//! generator). No configuration made here accepts a certificate that it has
//! not verified.

pub mod authority;
pub mod bundle;
pub mod challenge;
pub mod credential;
pub mod csr;
pub mod enrolment;
pub mod enrolment_answer;
pub mod hub_url;
pub mod identity;
pub mod invitation;
pub mod issuer;
mod pem;
mod private_file;
pub mod renewal;
pub mod tls;
pub mod vault;

pub use authority::{Authority, AuthorityError};
pub use bundle::{BundleError, RootPin, TrustBundle};
pub use challenge::{CHALLENGE_LIFE_MS, ChallengeKey};
pub use credential::{Credential, CredentialError};
pub use csr::{Csr, CsrError, TlsKey, TlsPublicKey};
pub use enrolment::{CheckedEnrolment, EnrolRequest, EnrolmentError};
pub use enrolment_answer::{AcceptedAnswer, AnswerError, EnrolResponse};
pub use hub_url::{HubUrl, HubUrlError};
pub use identity::{CertificateFacts, IdentityError, PeerIdentity, TrustDomain};
pub use invitation::{INVITATION_LIFE_MS, Invitation, InvitationError, InvitationSecret};
pub use issuer::{Issued, Issuer, Serial};
pub use private_file::{exposed_files, write_private};
pub use renewal::{
    ChallengeRequest, ChallengeResponse, RecoverRequest, RenewRequest, RenewResponse, RenewalError,
};
pub use vault::{Vault, VaultError};
