// Classes of addresses as people call them: by letters, and by what is in them.
#pragma once
#include <string>

#include "portcullis/query/service_matrix.hpp"

namespace portcullis {

// "a" to "z", "aa", "ab", …
std::string class_name(std::size_t index);
// "10.0.0.0/8, 192.0.2.1"; of the class with most addresses "every other address", since it is what the rules do not name.
std::string class_text(Matrix const& matrix, std::size_t index);
// "telnet, through, IPv4 (filter/FORWARD)"; not escaped.
std::string matrix_title(ServiceMatrix const& matrix);

} // namespace portcullis
