//! CAdES B-B and B-T by the AdES validation of pyHanko, and the imprint by BouncyCastle.

use std::fs;

use tokensign::cms::SignedData;
use tokensign::config::TimestampConfig;
use tokensign::time_and_revocation::TimestampAuthority;

use crate::algorithms::ALL;
use crate::authority;
use crate::samples::Samples;
use crate::stamping_server::StampingServer;
use crate::verifiers::{Verifier, bouncy_castle, judge_lines, pyhanko};

#[tokio::test]
async fn both_levels_pass_the_validation_of_en_319_102() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let config = TimestampConfig {
        url: Some(tsa.url.clone()),
        ..TimestampConfig::default()
    };
    let client = TimestampAuthority::new(&config).unwrap().unwrap();
    let (mut by_pyhanko, mut by_bouncy_castle, mut keep) = (Vec::new(), Vec::new(), Vec::new());
    // BouncyCastle confirms each; of the rest, which it cannot read, nobody here confirms a timestamp.
    for algorithm in ALL
        .into_iter()
        .filter(|algorithm| Verifier::BouncyCastle.gap(algorithm).is_none())
    {
        let samples = Samples::make(algorithm, 1);
        let sample = samples.honest().remove(0);
        let plain = fs::read(&sample.signature).unwrap();
        let signed = SignedData::parse(&plain).unwrap();
        let scheme = tokensign::cms::Scheme::for_certificate(&samples.authority.leaf, &algorithm.preference).unwrap();
        let token = client.stamp(signed.signers()[0].signature(), &scheme).await.unwrap();
        let stamped = samples.authority.path("stamped.p7s");
        fs::write(&stamped, signed.with_timestamp(0, &token).unwrap()).unwrap();

        let root = samples.authority.path("ca.pem");
        let roots = format!("{};{}", root.display(), tsa.authority.path("ca.pem").display());
        let content = sample.content.display();
        if !algorithm.is_gost() {
            by_pyhanko.push(format!("{content}\t{}\t{roots}\tb-b", sample.signature.display()));
            by_pyhanko.push(format!("{content}\t{}\t{roots}\tb-t", stamped.display()));
        }
        by_bouncy_castle.push(format!("{content}\t{}\t{}", stamped.display(), root.display()));
        keep.push(samples);
    }
    for (line, verdict) in by_pyhanko.iter().zip(judge_lines(pyhanko(), &by_pyhanko)) {
        assert_eq!(verdict, Ok(()), "pyHanko: {line}");
    }
    for (line, verdict) in by_bouncy_castle
        .iter()
        .zip(judge_lines(bouncy_castle(), &by_bouncy_castle))
    {
        assert_eq!(verdict, Ok(()), "BouncyCastle: {line}");
    }
    // A signature without a timestamp is not taken for one with.
    let bare = by_pyhanko[0].replace("\tb-b", "\tb-t");
    assert!(judge_lines(pyhanko(), &[bare])[0].is_err());
}
