// For a service, which addresses may open connections to which, path by path.
#pragma once
#include <string>
#include <vector>

#include "portcullis/engine/matrix.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/query/service_words.hpp"

namespace portcullis {

struct ServiceMatrix {
    std::string service; // as it was asked for: "telnet", "tcp/23"
    std::string path;    // "to-host", "through", "from-host", or the access list
    std::string table;   // of the chain that filters there; empty where none does
    std::string chain;
    Matrix matrix;
    // Nothing: what it says holds for certain. Else what opens more than is certain, an example of a match that is not modelled.
    std::string assumption;
};

// On each path that chains stand on, for each family that they see: the first packets of connections to the service from
// elsewhere, by any interface. BudgetExceeded.
std::vector<ServiceMatrix> service_matrices(Ruleset const& ruleset, ServiceWord const& service);

} // namespace portcullis
