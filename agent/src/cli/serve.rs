use super::arguments::Serve;
use super::own_agent::OwnAgent;
use super::session::Session;
use crate::endpoint::StartOptions;
use crate::jobs::failpoints;
use crate::messages::{Code, Fault};
use crate::platform;

/// `tokensign serve`
pub(super) async fn run(session: &Session, arguments: &Serve) -> Result<(), Fault> {
    let _armed = failpoints::setup();
    let mut config = session.config.clone();
    if let Some(listen) = arguments.listen {
        config.endpoint.listen = Some(listen);
        config.endpoint.tcp = true;
    }
    let tcp = config.endpoint.tcp && !arguments.no_tcp;
    let agent = OwnAgent::start(config, StartOptions { tcp, queues: true }).await?;
    if let Some(address) = agent.address() {
        session.output.say(
            &session
                .output
                .text_with("cli-listening", &[("address", &format!("http://{address}"))]),
        );
    }
    let ended = platform::shutdown_signal().await;
    agent.stop().await;
    ended.map_err(|error| Fault::new(Code::Internal).detail(error))
}
