#include <fmt/format.h>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/region.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

char const* severity_text(Severity severity) {
    return severity >= Severity::high ? "error" : severity == Severity::medium ? "warning" : "info";
}

// The element of a file, which what it includes has too.
class FileNodes {
  public:
    explicit FileNodes(pugi::xml_node root) : root_(root) {}
    pugi::xml_node operator[](std::string const& path) {
        pugi::xml_node& node = nodes_[path];
        if (!node) {
            node = root_.append_child("file");
            node.append_attribute("name") = visible(path).c_str();
        }
        return node;
    }

  private:
    pugi::xml_node root_;
    std::map<std::string, pugi::xml_node> nodes_;
};

void add_error(pugi::xml_node file, Shown const& shown) {
    Diagnostic const& d = *shown.diagnostic;
    TextRegion const region = region_of(shown.source(), d.finding.span, Columns::bytes);
    pugi::xml_node error = file.append_child("error");
    error.append_attribute("line") = region.start_line;
    error.append_attribute("column") = region.start_column;
    error.append_attribute("severity") = severity_text(d.severity);
    error.append_attribute("message") = message_text(d).c_str();
    error.append_attribute("source") = fmt::format("portcullis.{}.{}", d.rule->id, d.rule->slug).c_str();
}

} // namespace

std::string checkstyle_report(Report const& report) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node root = document.append_child("checkstyle");
    root.append_attribute("version") = "4.3";
    FileNodes files(root);
    for (FileResult const& file : report.files) files[file.path];
    for (Shown const& shown : shown_findings(report)) add_error(files[shown.source().path()], shown);
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

} // namespace portcullis
