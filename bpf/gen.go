// Package bpf loads hoplens' kernel programs, attaches them to devices and tells what netlink says of these devices.
// It decides nothing: which devices, when and how much to sample is the caller's.
package bpf

//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target bpfel -type record hoplens hoplens.bpf.c -- -I. -O2 -g -mcpu=v3
//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target bpfel -type drop_place tracepoints tracepoints.bpf.c -- -I. -O2 -g -mcpu=v3
//go:generate sh -c "clang-19 --version | head -n 1 > clang-version"
