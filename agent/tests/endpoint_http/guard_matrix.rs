//! Every combination of host, origin, fetch site, token, content type and method at one route, against what the design says in
//! its own order.

use tokio::net::TcpStream;

use crate::client::{Request, Wire};
use crate::running::Running;

const PAGE: &str = "https://app.example";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Host {
    Right,
    Localhost,
    WrongPort,
    Rebound,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Origin {
    Absent,
    Own,
    Null,
    Paired,
    /// A page of this machine, from another port.
    Neighbour,
    Stranger,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Site {
    Absent,
    /// `same-origin`
    Same,
    /// `same-site`: another port of the loopback address counts as that.
    Near,
    /// `cross-site`
    Cross,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token {
    None,
    Wrong,
    Owner,
    OfPage,
    OfProgram,
    OfPairedOrigin,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Content {
    Json,
    Text,
    Form,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    Program,
    OwnPage,
    Paired,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    host: Host,
    origin: Origin,
    site: Site,
    token: Token,
    content: Content,
    method: &'static str,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for host in [Host::Right, Host::Localhost, Host::WrongPort, Host::Rebound] {
            for origin in [
                Origin::Absent,
                Origin::Own,
                Origin::Null,
                Origin::Paired,
                Origin::Neighbour,
                Origin::Stranger,
            ] {
                for site in [Site::Absent, Site::Same, Site::Near, Site::Cross] {
                    for token in [
                        Token::None,
                        Token::Wrong,
                        Token::Owner,
                        Token::OfPage,
                        Token::OfProgram,
                        Token::OfPairedOrigin,
                    ] {
                        for content in [Content::Json, Content::Text, Content::Form] {
                            for method in ["POST", "PUT"] {
                                cases.push(Self {
                                    host,
                                    origin,
                                    site,
                                    token,
                                    content,
                                    method,
                                });
                            }
                        }
                    }
                }
            }
        }
        cases
    }

    /// What the design says, step by step: the code, and whether the answer may be read by the origin.
    fn expected(self) -> (&'static str, bool) {
        if !matches!(self.host, Host::Right | Host::Localhost) {
            return ("wrong_host", false);
        }
        // A paired page reads what is wrong with its request, too.
        let paired = self.origin == Origin::Paired;
        if self.method != "POST" {
            return ("method_not_allowed", paired);
        }
        if self.content != Content::Json {
            return ("unsupported_media_type", paired);
        }
        let source = match (self.origin, self.site) {
            (Origin::Absent, Site::Absent) => Source::Program,
            (Origin::Absent, Site::Same) | (Origin::Own, Site::Absent | Site::Same) => Source::OwnPage,
            (Origin::Paired, _) => Source::Paired,
            _ => return ("foreign_origin", false),
        };
        let readable = source == Source::Paired;
        match (self.token, source) {
            (Token::None | Token::Wrong, _) => ("unpaired", readable),
            (Token::Owner, Source::Program) => ("invalid_field", readable),
            (Token::Owner, _) => ("unpaired", readable),
            // The page looks and decides; it asks for no signatures.
            (Token::OfPage, Source::Program | Source::OwnPage) => ("permission_denied", readable),
            (Token::OfPage, Source::Paired) => ("unpaired", readable),
            (Token::OfProgram, Source::Program) | (Token::OfPairedOrigin, Source::Paired) => {
                ("invalid_field", readable)
            }
            (Token::OfProgram | Token::OfPairedOrigin, _) => ("foreign_origin", readable),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_combination_is_judged_in_the_designs_order() {
    let agent = Running::start().await;
    let program = agent.pair(None, &["sign"]).await;
    let paired = agent.pair(Some(PAGE), &["sign"]).await;
    let page = agent.page_token().await;
    let port = agent.address.port();
    let mut wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    for case in Case::all() {
        let mut request = Request::bare(&format!("{} /v1/signatures", case.method)).header(
            "Host",
            &match case.host {
                Host::Right => agent.address.to_string(),
                Host::Localhost => format!("localhost:{port}"),
                Host::WrongPort => format!("127.0.0.1:{}", port ^ 1),
                Host::Rebound => format!("rebound.example:{port}"),
            },
        );
        let origin = match case.origin {
            Origin::Absent => None,
            // The own origin is the one that the host is.
            Origin::Own if case.host == Host::Localhost => Some(format!("http://localhost:{port}")),
            Origin::Own => Some(agent.own_origin()),
            Origin::Null => Some("null".to_owned()),
            Origin::Paired => Some(PAGE.to_owned()),
            Origin::Neighbour => Some(format!("http://127.0.0.1:{}", port ^ 1)),
            Origin::Stranger => Some("https://stranger.example".to_owned()),
        };
        if let Some(origin) = &origin {
            request = request.header("Origin", origin);
        }
        request = match case.site {
            Site::Absent => request,
            Site::Same => request.header("Sec-Fetch-Site", "same-origin"),
            Site::Near => request.header("Sec-Fetch-Site", "same-site"),
            Site::Cross => request.header("Sec-Fetch-Site", "cross-site"),
        };
        request = match case.token {
            Token::None => request,
            Token::Wrong => request.bearer("ts_nobody"),
            Token::Owner => request.bearer(&agent.owner),
            Token::OfPage => request.bearer(&page),
            Token::OfProgram => request.bearer(&program),
            Token::OfPairedOrigin => request.bearer(&paired),
        };
        request = request.header(
            "Content-Type",
            match case.content {
                Content::Json => "application/json",
                Content::Text => "text/plain",
                Content::Form => "application/x-www-form-urlencoded",
            },
        );
        let bytes = request.body("{}").bytes();
        let answer = wire.exchange(&bytes).await;
        if answer.header("connection") == Some("close") || answer.status == 413 {
            wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
        }
        let (code, readable) = case.expected();
        assert_eq!(answer.code(), code, "{case:?}: {}", answer.json());
        let expected = readable.then_some(PAGE);
        assert_eq!(answer.header("access-control-allow-origin"), expected, "{case:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{case:?}");
    }
    agent.stop().await;
}
