//! The roles of an org's members.

crate::words::words! {
    /// What a member may do in an org; later is higher.
    pub enum Role {
        /// Answers own calls.
        Tech = "tech",
        /// Plans.
        Manager = "manager",
        /// Also manages members and reads the audit log.
        Admin = "admin",
        /// Also changes the org and manages owners.
        Owner = "owner",
    }
}
