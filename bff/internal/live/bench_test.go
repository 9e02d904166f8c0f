package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/live"
	"github.com/shieldpod/shieldpod/bff/internal/ratelimit"
)

// clientsEnv makes this test binary open pods at an address in a process of its own, so that the benchmark measures the
// server alone.
const clientsEnv = "SHIELDPOD_TEST_CLIENTS"

func TestMain(m *testing.M) {
	if order := os.Getenv(clientsEnv); order != "" {
		runClients(order)
		return
	}
	os.Exit(m.Run())
}

// runClients opens pods one after the other, writes a line, and waits until its input ends.
func runClients(order string) {
	address, count, _ := strings.Cut(order, " ")
	pods, err := strconv.Atoi(count)
	if err != nil {
		panic(err)
	}
	open := make([]net.Conn, pods)
	for i := range open {
		if open[i], err = openClient(address, strconv.Itoa(i)); err != nil {
			panic(err)
		}
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(open)
}

// openClient opens one pod with minimal memory and reads its snapshot.
func openClient(address, token string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	const handshake = "GET / HTTP/1.1\r\nHost: pod.example\r\nOrigin: " + origin + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	first := `{"type":"auth","token":"` + token + `"}`
	frame := append([]byte{0x81, 0x80 | byte(len(first)), 0, 0, 0, 0}, first...)
	if _, err := conn.Write([]byte(handshake)); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	_, err = r.ReadString('}')
	return conn, err
}

// BenchmarkIdlePod reports the memory of one open pod in the server: Go heap and stacks, and resident memory.
func BenchmarkIdlePod(b *testing.B) {
	const pods = 5000
	h := newHarness(b)
	for i := range pods {
		h.session(strconv.Itoa(i), "acme", fmt.Sprintf("c-%d", i), fmt.Sprintf("d-%d", i), "default")
	}
	heap, resident := memory(b)
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", clientsEnv, h.server.Listener.Addr(), pods))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	until(b, "all pods are in", func() bool { return h.hub.Count() == pods })
	heapThen, residentThen := memory(b)
	b.ReportMetric(float64(heapThen-heap)/pods/1024, "KiB-heap+stack/pod")
	b.ReportMetric(float64(residentThen-resident)/pods/1024, "KiB-resident/pod")
	b.ReportMetric(0, "ns/op")
	if err := in.Close(); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// memory returns the bytes in use by Go and the resident bytes of the process, after a garbage collection.
func memory(b *testing.B) (used, resident int64) {
	b.Helper()
	for range 3 { // stacks shrink by half with each collection
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("this system does not report the memory of a process")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(status))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return int64(m.HeapInuse + m.StackInuse), pages * int64(os.Getpagesize())
}

// BenchmarkFanOut reports the time from a change notification to the frame in a pod, with 500 idle pods.
func BenchmarkFanOut(b *testing.B) {
	h := newHarness(b)
	for i := range 500 {
		h.open(b, h.session(strconv.Itoa(i), "acme", fmt.Sprintf("c-%d", i)))
	}
	p := h.open(b, h.session("good", "acme", "c-1"))
	_ = p.ws.SetReadDeadline(time.Time{})
	for b.Loop() {
		h.publishEvent("acme", "c-1")
		if _, _, err := p.ws.ReadMessage(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSnapshotDuringFlood reports how long a pod waits for its snapshot while 10,000 sockets that never authenticate are
// opened repeatedly, from one address and from many, under the default limits.
func BenchmarkSnapshotDuringFlood(b *testing.B) {
	for name, from := range map[string]func(i int) string{
		"one address":    func(int) string { return "198.51.100.9" },
		"many addresses": func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i%10_000) },
	} {
		b.Run(name, func(b *testing.B) {
			handshakes := ratelimit.New(ratelimit.Limit{PerSecond: 100, Burst: 2000}, time.Now)
			h := newLimitedHarness(b, live.Limits{WaitingPerAddress: 1024, Waiting: 4096, PerSession: 8}, handshakes)
			ctx, stop := context.WithCancel(b.Context())
			var next atomic.Int64
			var attackers sync.WaitGroup
			for range 16 {
				attackers.Go(func() {
					var mine []net.Conn
					for ctx.Err() == nil && len(mine) < 10_000/16 {
						if conn, err := flood(h.server.Listener.Addr().String(), from(int(next.Add(1)))); err == nil {
							mine = append(mine, conn)
						}
					}
					<-ctx.Done()
					for _, conn := range mine {
						_ = conn.Close()
					}
				})
			}
			until(b, "the flood has begun", func() bool { return next.Load() > 1000 })
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				token := h.session(fmt.Sprint("good ", i), "acme", "c-1")
				begun := time.Now()
				p := h.dialFrom(b, "203.0.113.7")
				p.send(`{"type":"auth","token":"` + token + `"}`)
				if f := p.next(); f.Type != "snapshot" {
					b.Fatal(f)
				}
				took = append(took, time.Since(begun))
				_ = p.ws.Close()
			}
			stop()
			attackers.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
			b.ReportMetric(float64(next.Load()), "sockets")
		})
	}
}

// flood opens a socket and sends no frame.
func flood(server, from string) (net.Conn, error) {
	conn, err := net.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: pod.example\r\nOrigin: " + origin + "\r\nTest-Address: " + from + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	return conn, err
}
