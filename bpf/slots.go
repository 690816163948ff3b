package bpf

import "slices"

// slots hands out the smallest free number, so that tables stay dense while devices come and go.
type slots struct {
	next  int
	limit int
	freed []int // sorted, all below next
}

func (s *slots) take() (int, bool) {
	if len(s.freed) > 0 {
		slot := s.freed[0]
		s.freed = s.freed[1:]
		return slot, true
	}
	if s.next == s.limit {
		return 0, false
	}
	s.next++
	return s.next - 1, true
}

func (s *slots) give(slot int) {
	place, _ := slices.BinarySearch(s.freed, slot)
	s.freed = slices.Insert(s.freed, place, slot)
}
