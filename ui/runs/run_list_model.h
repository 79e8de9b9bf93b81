#pragma once

#include <QAbstractListModel>
#include <QPointer>

#include <vector>

#include "precedent/casebase/run_store.h"

namespace precedent::ui {

class CasebaseBridge;

/// The casebase's runs, newest first. UI thread.
class RunListModel final : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { idRole = Qt::UserRole + 1, stateRole, detailRole, whenRole };
    using QAbstractListModel::QAbstractListModel;

    void setCasebase(CasebaseBridge* casebase);
    void refresh();
    /// What the run under way says of itself, until the casebase is asked again.
    void setLive(const QString& id, const QString& state, int step);

    [[nodiscard]] int rowOf(const QString& id) const; ///< -1 if it is not there
    [[nodiscard]] const casebase::Run* runAt(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

Q_SIGNALS:
    void loaded();
    void failed(const QString& message, const QString& hint);

private:
    QPointer<CasebaseBridge> m_casebase;
    std::vector<casebase::Run> m_runs;
};

} // namespace precedent::ui
