import Foundation
import Glibc
import Synchronization

/// A server on this machine that answers each request as a test says.
final class FakeChatServer: Sendable {
    struct Answer: Sendable {
        var status = 200
        var body: String

        /// A chat completion.
        static func reply(_ text: String, finish: String? = "stop") -> Answer {
            let message = String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
            let finish = finish.map { "\"\($0)\"" } ?? "null"
            return Answer(
                body: "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\(message)},"
                    + "\"finish_reason\":\(finish)}],\"usage\":{}}")
        }
    }

    struct Request: Sendable {
        let head: String
        let body: String
    }

    let url: String
    private let socket: Int32
    private let received = Received()

    private final class Received: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// - Parameter answer: called with each request and its number, from 0, one at a time.
    init(answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                && getsockname(listener, pointer, &length) == 0
        }
        guard listener >= 0, isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        socket = listener
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/v1"
        Thread.detachNewThread { [received] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                if let request = Self.read(connection) {
                    let number = received.requests.withLock { requests in
                        requests.append(request)
                        return requests.count - 1
                    }
                    Self.write(answer(request, number), to: connection)
                }
                close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    var requests: [Request] { received.requests.withLock { $0 } }

    private static func read(_ connection: Int32) -> Request? {
        var data = Data(), piece = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = data.range(of: Data("\r\n\r\n".utf8)) {
                let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
                let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                let expected = length.flatMap {
                    Int($0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces))
                }
                if data.count - end.upperBound >= expected ?? 0 {
                    return Request(head: head, body: String(decoding: data[end.upperBound...], as: UTF8.self))
                }
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            data += piece[..<count]
        }
    }

    private static func write(_ answer: Answer, to connection: Int32) {
        let text =
            "HTTP/1.1 \(answer.status) Some\r\nContent-Type: application/json\r\nContent-Length: \(answer.body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(answer.body)"
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
