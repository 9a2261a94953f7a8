//! The body of a stream: server-sent events as the HTML standard writes them, one frame each, made when the connection asks for
//! the next.

use super::model::{Changed, Event};
use crate::live::{Stream, Told};
use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

type Next = Pin<Box<dyn Future<Output = Option<(Stream, Told)>> + Send>>;

/// The next event; `None` at the end.
pub struct Events(Option<Next>);

impl Events {
    pub fn of(stream: Stream) -> Self {
        Self(Some(next(stream)))
    }
}

fn next(mut stream: Stream) -> Next {
    Box::pin(async move {
        let told = stream.next().await?;
        Some((stream, told))
    })
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(waiting) = &mut self.0 else { return Poll::Ready(None) };
        let told = ready!(waiting.as_mut().poll(context));
        let told = told.map(|(stream, told)| {
            self.0 = Some(next(stream));
            told
        });
        if told.is_none() {
            self.0 = None;
        }
        Poll::Ready(told.map(|told| Ok(Frame::data(event(told).into()))))
    }
}

fn event(told: Told) -> String {
    match told {
        Told::Changed { lists, id, version } => {
            let data = Changed { lists, version: format!("{version:016x}") };
            // Of words and digits, which always have a JSON.
            let data = serde_json::to_string(&data).unwrap_or_default();
            Event { event: "changed", id, data }.to_string()
        }
        Told::Alive => ":\n\n".to_owned(),
    }
}
