// Colours of the terminal, or none.
#pragma once
#include <string>
#include <string_view>

#include "portcullis/model/finding.hpp"

namespace portcullis {

class Paint {
  public:
    explicit Paint(bool on) : on_(on) {}
    std::string operator()(std::string_view codes, std::string_view text) const {
        if (!on_ || text.empty()) return std::string(text);
        return "\x1b[" + std::string(codes) + 'm' + std::string(text) + "\x1b[0m";
    }
    std::string severity(Severity severity, std::string_view text) const {
        switch (severity) {
        case Severity::critical: return (*this)("1;35", text);
        case Severity::high: return (*this)("1;31", text);
        case Severity::medium: return (*this)("1;33", text);
        case Severity::low: return (*this)("1;36", text);
        case Severity::info: return (*this)("1;34", text);
        }
        return std::string(text);
    }
    std::string frame(std::string_view text) const { return (*this)("34", text); }
    // What a click on the text opens (OSC 8); nothing where the address is empty. It has been percent-encoded.
    static std::string link(std::string_view uri, std::string const& text) {
        if (uri.empty()) return text;
        return "\x1b]8;;" + std::string(uri) + "\x1b\\" + text + "\x1b]8;;\x1b\\";
    }
    std::string strong(std::string_view text) const { return (*this)("1", text); }

  private:
    bool on_;
};

} // namespace portcullis
