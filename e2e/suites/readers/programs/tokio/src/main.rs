//! A server on tokio, which is edge-triggered and takes a read that did not fill its buffer to have emptied the socket.
//!     tokio-witness PORT
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than a burst of small requests, so that one read takes all there is.
const READ_BYTES: usize = 32 << 10;
const HEAD_BYTES: usize = 12;
const TABLE_BYTES: usize = 1 << 16;

/// What the head of a request says, and how much of its body is still to come.
struct Request {
    left: usize,
    down: usize,
    sum: crc32fast::Hasher,
}

impl Request {
    /// Begins a request. While it is busy, nothing on its thread reads.
    fn begin(head: &[u8]) -> Request {
        let number = |i: usize| u32::from_be_bytes(head[4 * i..4 * i + 4].try_into().unwrap());
        if number(2) > 0 {
            std::thread::sleep(Duration::from_millis(number(2).into()));
        }
        Request { left: number(0) as usize, down: number(1) as usize, sum: crc32fast::Hasher::new() }
    }
}

async fn answer(socket: &mut TcpStream, request: Request, table: &[u8]) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(4 + request.down);
    bytes.extend_from_slice(&request.sum.finalize().to_be_bytes());
    while bytes.len() < 4 + request.down {
        let length = TABLE_BYTES.min(4 + request.down - bytes.len());
        bytes.extend_from_slice(&table[..length]);
    }
    socket.write_all(&bytes).await
}

async fn serve(mut socket: TcpStream, table: Vec<u8>) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = vec![0u8; READ_BYTES];
    let mut head = Vec::new();
    let mut current: Option<Request> = None;
    loop {
        let count = socket.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let mut bytes = &buffer[..count];
        loop {
            let mut request = match current.take() {
                Some(request) => request,
                None => {
                    let (more, rest) = bytes.split_at(bytes.len().min(HEAD_BYTES - head.len()));
                    head.extend_from_slice(more);
                    bytes = rest;
                    if head.len() < HEAD_BYTES {
                        break;
                    }
                    let request = Request::begin(&head);
                    head.clear();
                    request
                }
            };
            let (body, rest) = bytes.split_at(bytes.len().min(request.left));
            request.sum.update(body);
            request.left -= body.len();
            bytes = rest;
            if request.left > 0 {
                current = Some(request);
                break;
            }
            answer(&mut socket, request, &table).await?;
        }
    }
}

async fn listen(port: &str) -> std::io::Result<()> {
    let table: Vec<u8> = (0..TABLE_BYTES).map(|i| (i * 31 + (i >> 8) * 7) as u8).collect();
    let listener = TcpListener::bind(format!("[::]:{port}")).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        let table = table.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(socket, table).await {
                eprintln!("{error}");
            }
        });
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).expect("a port");
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(listen(&port))
}
