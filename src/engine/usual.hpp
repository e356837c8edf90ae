// Values that a reader recognises as examples: documentation and private addresses, well-known ports, a SYN.
#pragma once
#include <span>

#include "portcullis/model/field.hpp"

namespace portcullis {

// In the order in which they are tried, before any other.
std::span<U128 const> usual_values(Field field);
// A value of the interval that looks like one: an address inside a network and not its first, an interface name
// with a digit behind the prefix.
U128 usual_within(Field field, Interval interval);

} // namespace portcullis
