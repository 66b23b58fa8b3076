//! Lets the AWS SDK send its requests through this library's client, so that both sides of the login share TLS, roots,
//! connections and the clock.

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::diagnosis::HttpError;
use crate::net::http::Http;

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { http: self.clone(), read_timeout: settings.read_timeout() })
    }
}

#[derive(Debug)]
struct Connector {
    http: Http,
    read_timeout: Option<std::time::Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.http.clone();
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let request = convert(request)?;
            let sending = http.send(request);
            let response = match read_timeout {
                Some(limit) => tokio::time::timeout(limit, sending).await.unwrap_or(Err(HttpError::Timeout)),
                None => sending.await,
            };
            let response: ::http::Response<reqwest::Body> = response?.into();
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn convert(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    // Before it repeats a request the SDK asks for the connection, to close it, and logs an error if there is none. The
    // client closes what broke or did not answer by itself; what a server said 503 over is as good as another.
    if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
        let connection = ConnectionMetadata::builder().proxied(false).poison_fn(|| ()).build();
        capture.set_connection_retriever(move || Some(connection.clone()));
    }
    let signed_target = request.uri().clone();
    let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
        .map_err(|error| ConnectorError::user(Box::new(HttpError::from(error))))?;
    // The signature covers the path as it was written. `url` resolves dot segments (RFC 3986 §5.2.4), so an object key
    // such as `a/./b` would be signed as one path and sent as another.
    if request.url().path() != signed_target.path() || request.url().query() != signed_target.query() {
        return Err(HttpError::PathRewritten.into());
    }
    Ok(request)
}
