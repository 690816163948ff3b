// Package pcap compiles tcpdump's expressions with the machine's libpcap, which is opened when the first one comes:
// without it everything else works. Packets begin with their IP header (DLT_RAW).
package pcap

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// What we use of libpcap's interface, which has been the same since 1998.
struct bpf_insn { unsigned short code; unsigned char jt, jf; unsigned int k; };
struct bpf_program { unsigned int bf_len; struct bpf_insn *bf_insns; };
struct packet_header { long seconds, microseconds; unsigned int caplen, len; };

static void *(*open_dead)(int linktype, int snaplen);
static int (*compile)(void *handle, struct bpf_program *program, const char *text, int optimize, unsigned int netmask);
static char *(*get_error)(void *handle);
static void (*free_code)(struct bpf_program *program);
static void (*close_handle)(void *handle);
static int (*offline_filter)(const struct bpf_program *program, const struct packet_header *header, const unsigned char *bytes);

#define FIND(variable, name) ((*(void **)&variable = dlsym(library, name)) != NULL)

// NULL, or why it cannot be used.
static const char *load(void) {
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		library = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return dlerror();
	int found = FIND(open_dead, "pcap_open_dead") && FIND(compile, "pcap_compile") && FIND(get_error, "pcap_geterr") &&
		    FIND(free_code, "pcap_freecode") && FIND(close_handle, "pcap_close") &&
		    FIND(offline_filter, "pcap_offline_filter");
	return found ? NULL : "it lacks functions of libpcap's";
}

enum { DLT_RAW = 12, SNAPLEN = 262144 };

// NULL, or what libpcap says is wrong.
static char *compile_text(const char *text, struct bpf_program *program) {
	void *handle = open_dead(DLT_RAW, SNAPLEN);
	if (!handle)
		return strdup("out of memory");
	char *problem = compile(handle, program, text, 1, 0xffffffff) ? strdup(get_error(handle)) : NULL;
	close_handle(handle);
	return problem;
}

static void free_program(struct bpf_program *program) { free_code(program); }

static int match(struct bpf_insn *instructions, unsigned int count, const unsigned char *bytes, unsigned int captured,
		 unsigned int length) {
	struct bpf_program program = { count, instructions };
	struct packet_header header = { 0, 0, captured, length };
	return offline_filter(&program, &header, bytes);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/net/bpf"
)

// ErrMissing says that there is no libpcap here, and how to get it.
var ErrMissing = errors.New("libpcap is not installed here (on Debian: apt-get install libpcap0.8)")

var load = sync.OnceValue(func() error {
	if reason := C.load(); reason != nil {
		return fmt.Errorf("%w: %s", ErrMissing, C.GoString(reason))
	}
	return nil
})

// compile gives libpcap's program. It says nothing of the place of an error.
func compile(expression string) ([]bpf.RawInstruction, error) {
	if err := load(); err != nil {
		return nil, err
	}
	text := C.CString(expression)
	defer C.free(unsafe.Pointer(text))
	var program C.struct_bpf_program
	if problem := C.compile_text(text, &program); problem != nil {
		defer C.free(unsafe.Pointer(problem))
		return nil, errors.New(C.GoString(problem))
	}
	defer C.free_program(&program)
	instructions := make([]bpf.RawInstruction, program.bf_len)
	for i, each := range unsafe.Slice(program.bf_insns, program.bf_len) {
		instructions[i] = bpf.RawInstruction{Op: uint16(each.code), Jt: uint8(each.jt), Jf: uint8(each.jf), K: uint32(each.k)}
	}
	return instructions, nil
}

// Match is what libpcap itself says of a packet of so many bytes, of which the first are here, by a program that Compile gave.
func Match(program []bpf.RawInstruction, packet []byte, length int) bool {
	instructions := make([]C.struct_bpf_insn, len(program))
	for i, each := range program {
		instructions[i] = C.struct_bpf_insn{code: C.ushort(each.Op), jt: C.uchar(each.Jt), jf: C.uchar(each.Jf), k: C.uint(each.K)}
	}
	bytes := append(packet[:len(packet):len(packet)], 0) // never empty
	return C.match(&instructions[0], C.uint(len(instructions)), (*C.uchar)(&bytes[0]), C.uint(len(packet)), C.uint(length)) != 0
}
