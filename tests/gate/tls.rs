//! Certificates and proxies.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::raw::{Raw, send};
use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, rows};

/// Lists the members of a workspace, with more environment than the credential.
fn members(sandbox: &Sandbox, url: &str, env: &[(&str, &str)], more: &[&str]) -> Outcome {
    let credential = [("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let env = [&credential[..], env, &[("BITBUCKET_API_URL", url), ("RUST_LOG", "trace")]].concat();
    let args = [&["members", "-vv", "--workspace", "acme"][..], more].concat();
    let outcome = sandbox.run_with(&args, &env);
    assert!(!outcome.stdout.contains(TOKEN) && !outcome.stderr.contains(TOKEN));
    outcome
}

/// A server whose certificate a self-made authority signed.
struct Tls {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    authority: String,
}

impl Tls {
    fn start() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let (config, connections) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(connection, stream));
                let mut line = String::new();
                // A client that refuses the certificate hangs up.
                while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let page = json!({"values": rows(0..3, true), "size": 3}).to_string();
                let length = page.len();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{page}");
                let _ = stream.get_mut().write_all(answer.as_bytes());
            }
        });
        Tls { address, connections, authority: authority.pem() }
    }
}

#[test]
fn a_self_made_authority_is_trusted_where_it_is_named() {
    let server = Tls::start();
    let url = format!("https://{}/2.0", server.address);
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", &server.authority);

    let refused = members(&sandbox, &url, &[], &[]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--ca-cert"), "{}", refused.stderr);
    let connections = server.connections.load(Ordering::SeqCst);
    assert!(connections <= 2, "a refusal is final: {connections} for the members and the owners");

    // With and without certificates of the machine's own; the second is as in an empty image.
    let none = [("SSL_CERT_FILE", "none"), ("SSL_CERT_DIR", "none")];
    for env in [&[][..], &none] {
        let trusted = members(&sandbox, &url, env, &["--ca-cert", "ca.pem"]);
        assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    }
    let by_system = members(&sandbox, &url, &[("SSL_CERT_FILE", "ca.pem")], &[]);
    assert_eq!(by_system.code, 0, "{}", by_system.stderr);
    let bundled = members(&sandbox, &url, &none, &[]);
    assert_eq!(bundled.code, 3, "{}", bundled.stderr);
    assert!(bundled.stderr.contains("UnknownIssuer"), "{}", bundled.stderr);
}

#[test]
fn a_proxy_is_asked_for_other_machines_and_not_for_this_one() {
    let proxy = Raw::start(|_, stream| send(stream, "403 Forbidden", "", b""));
    let address = proxy.origin().replace("http://", "http://ada:proxy-pass@");
    let env = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"]
        .map(|name| (name, &*address));
    let sandbox = Sandbox::new();

    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let near = members(&sandbox, &server.api_url(), &env, &[]);
    assert_eq!(near.code, 0, "{}", near.stderr);
    assert!(proxy.heads().is_empty());

    let far = members(&sandbox, "https://bitbucket.invalid/2.0", &env, &[]);
    assert_eq!(far.code, 3, "{}", far.stderr);
    assert!(!far.stderr.contains("proxy-pass"), "{}", far.stderr);
    let heads = proxy.heads();
    assert!(heads[0].starts_with("CONNECT bitbucket.invalid:443 "), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("QVRBVFQ")), "the credential stays here");
}

/// Runs `check` with this in its environment too, and gives what its report records.
fn redirections(sandbox: &Sandbox, url: &str, env: &[(&str, &str)], more: &[&str]) -> Value {
    sandbox.write("policy.yaml", policy("acme", ""));
    let credential = [("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let env = [&credential[..], env, &[("BITBUCKET_API_URL", url)]].concat();
    let check = ["check", "-q", "--deadline", "2s", "--report", "json=out.json"];
    let outcome = sandbox.run_with(&[&check[..], more].concat(), &env);
    let recorded = sandbox.json("out.json")["options"]["redirected_by"].clone();
    let verified = sandbox.run(&["verify", "-q", "out.json"]);
    assert_eq!(verified.code, outcome.code);
    for said in [&outcome.stdout, &verified.stdout] {
        assert_eq!(said.contains("redirected: "), !recorded.is_null(), "{said}");
        for own in recorded.as_array().into_iter().flatten() {
            assert!(said.contains(own["by"].as_str().unwrap()), "{said}");
        }
    }
    for text in [&outcome.stdout, &outcome.stderr, &sandbox.read("out.json")] {
        assert!(!text.contains("proxy-pass") && !text.contains("ada"), "{text}");
    }
    recorded
}

#[test]
fn what_could_redirect_a_run_is_recorded_and_said() {
    let proxy = Raw::start(|_, stream| send(stream, "403 Forbidden", "", b""));
    let (address, plain) =
        (proxy.origin().replace("//", "//ada:proxy-pass@"), proxy.origin() + "/");
    let sandbox = Sandbox::new();
    let far = "https://bitbucket.invalid/2.0";
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let recorded = redirections(&sandbox, far, &[(name, &address)], &[]);
        assert_eq!(recorded, json!([{"by": name, "to": plain}]));
    }
    let both = [("HTTPS_PROXY", &*address), ("ALL_PROXY", "http://other.invalid:1")];
    let recorded = redirections(&sandbox, far, &both, &["--redact"]);
    assert_eq!(recorded, json!([{"by": "HTTPS_PROXY"}]));

    // What is named, and does not apply: this machine's own address, an exception, another scheme.
    let server = Tls::start();
    sandbox.write("ca.pem", &server.authority);
    let near = format!("https://{}/2.0", server.address);
    let mapped = format!("https://[::ffff:127.0.0.1]:{}/2.0", server.address.port());
    let all = [("HTTPS_PROXY", &*address), ("NO_PROXY", "::ffff:127.0.0.1")];
    assert_eq!(redirections(&sandbox, &near, &all[..1], &[]), Value::Null);
    assert_eq!(redirections(&sandbox, &mapped, &all, &[]), Value::Null);
    assert_eq!(redirections(&sandbox, &mapped, &[("HTTP_PROXY", &address)], &[]), Value::Null);

    let certificates = [("SSL_CERT_FILE", "ca.pem"), ("SSL_CERT_DIR", "none")];
    let recorded = redirections(&sandbox, &near, &certificates, &["--ca-cert", "ca.pem"]);
    let named = [("--ca-cert", "ca.pem"), ("SSL_CERT_FILE", "ca.pem"), ("SSL_CERT_DIR", "none")];
    assert_eq!(recorded, json!(named.map(|(by, to)| json!({"by": by, "to": to}))));
    // Plain http asks for no certificate, and a file is asked for nothing at all.
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let ca = ["--ca-cert", "ca.pem"];
    assert_eq!(redirections(&sandbox, &server.api_url(), &certificates, &ca), Value::Null);
    let page = json!({"values": rows(0..3, true), "size": 3, "page": 1});
    sandbox.write("page.json", page.to_string());
    let file = [&ca[..], &["--members", "page.json", "--workspace", "acme"]].concat();
    assert_eq!(redirections(&sandbox, far, &[("HTTPS_PROXY", &address)], &file), Value::Null);
}
